import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { command } from "@revenprox/cluster/host/command";
import { spawnPinned, untilReady } from "../tool/processes.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Builds what the image has; nothing to do when it is up to date. */
export const buildProxy = (): Promise<string> =>
  command(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", "proxy"], { cwd: root });

export type Environment = Readonly<Record<string, string>>;

/** What stands between `node` and the program in the image's ENTRYPOINT. */
const imageFlags = (): readonly string[] => {
  const [, line = "[]"] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(root, "proxy/Dockerfile"), "utf8")) ?? [];
  return (JSON.parse(line) as string[]).slice(1, -1);
};

/** To try other flags of Node. */
const flagsGiven = process.env["REVENPROX_BENCH_NODE_FLAGS"];
const flags = flagsGiven === undefined ? imageFlags() : flagsGiven.split(" ").filter((flag) => flag !== "");

const key = "publish-key-of-the-benchmark-0123456789";

const keyFolder = async (folder: string): Promise<string> => {
  const keys = join(folder, "keys");
  await mkdir(keys, { recursive: true });
  await writeFile(join(keys, "bench"), key);
  return keys;
};

/** A proxy as its image starts it, with a publish key. */
export const startProxy = async (place: Place, environment: Environment): Promise<RunningSubject> => {
  const child = spawnPinned({
    cores: place.cores,
    namespace: place.namespace,
    program: process.execPath,
    args: [...flags, join(root, "proxy/dist/main.js")],
    environment: {
      NODE_ENV: "production",
      REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.1:0",
      REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0",
      REVENPROX_HTTP__PUBLISH_KEYS_DIR: await keyFolder(place.folder),
      ...place.proxyKeys,
      ...environment,
    },
  });
  const port = await untilReady(child, () => /HTTP server started on [^\s"]+:(\d+)/.exec(child.output())?.[1]);
  const management = /Management server started on [^\s"]+:(\d+)/.exec(child.output())?.[1];
  if (place.namespace === undefined)
    await untilReady(child, async () => {
      const ready = await fetch(`http://127.0.0.1:${management}/readyz`);
      return ready.status === 200 ? true : undefined;
    });
  const target = `127.0.0.1:${port}`;
  return {
    target,
    publishTarget: target,
    stream: { path: "/events/{topic}", headers: [] },
    publish: {
      path: "/events/{topic}",
      headers: ["Content-Type: text/plain", `Authorization: Bearer ${key}`],
      body: "{payload}",
    },
    pids: [child.pid],
    stop: () => child.stop(),
  };
};

export const revenprox: Subject = {
  name: "revenprox",
  about: "the complete proxy, standing alone: its journal, where it is on, is in its own memory; publish key asked for",
  start: (place) => startProxy(place, {}),
};

/** A batch window of 5 ms; only where the proxy knows the key. */
export const revenproxBatched: Subject = {
  name: "revenprox-5ms",
  about: "the same with [http] batch_window_ms = 5",
  start: (place) => startProxy(place, { REVENPROX_HTTP__BATCH_WINDOW_MS: "5" }),
};
