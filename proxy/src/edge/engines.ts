import type { Listen } from "./engine.ts";

/** Each is loaded only when it is chosen: `node` needs no native code, and `uws` none of what serves with `node:http`. */
export const engines: Readonly<Record<"uws" | "node", Listen>> = {
  uws: async (parts) => (await import("./uws-engine.ts")).listenWithUws(parts),
  node: async (parts) => (await import("./node-engine.ts")).listenWithNode(parts),
};
