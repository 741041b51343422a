import { fileURLToPath } from "node:url";
import { cores, spawnPinned, untilReady } from "../tool/processes.ts";
import type { Subject } from "./subject.ts";

/** A server of this folder's neighbour `servers`: one file, started by Node with these arguments. */
export const simpleServer = (
  name: string,
  about: string,
  { file, args = [] }: { readonly file: string; readonly args?: readonly string[] },
): Subject => ({
  name,
  about,
  start: async ({ cores: pinned, namespace }) => {
    const program = fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
    const child = spawnPinned({
      cores: pinned,
      namespace,
      program: process.execPath,
      args: ["--disable-warning=ExperimentalWarning", program, ...args],
    });
    const port = await untilReady(child, () => /listening on (\d+)/.exec(child.output())?.[1]);
    const target = `127.0.0.1:${port}`;
    return {
      target,
      publishTarget: target,
      stream: { path: "/events/{topic}", headers: [] },
      publish: { path: "/events/{topic}", headers: ["Content-Type: text/plain"], body: "{payload}" },
      pids: [child.pid],
      stop: () => child.stop(),
    };
  },
});

const pinnedTo = `core ${cores.server}`;

export const bareUws = simpleServer(
  "bare-uws",
  `a fan-out of 100 lines on the same uWebSockets.js: one write a loop turn, no ids to resume from, no limits, ${pinnedTo}`,
  { file: "bare-uws.ts" },
);

export const bareUwsBatched = simpleServer("bare-uws-5ms", "the same, events of 5 ms in one write", {
  file: "bare-uws.ts",
  args: ["5"],
});

export const nodeHttp = simpleServer("node-http", "the same on node:http, one write an event", {
  file: "node-http.ts",
});
