import type { Listen } from "./engine.ts";
import { listenWithNode } from "./node-engine.ts";
import { listenWithUws } from "./uws-engine.ts";

/** uWebSockets.js itself is loaded only when it is chosen: `node` needs no native code. */
export const engines: Readonly<Record<"uws" | "node", Listen>> = { uws: listenWithUws, node: listenWithNode };
