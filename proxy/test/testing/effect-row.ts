import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engines } from "./engines.ts";
import { type Environment, type ProxyProcess, startProxyProcess } from "./proxy-process.ts";

/** Proves on a real process that one config key is obeyed; reading the value back proves nothing. */
export interface EffectRow {
  /** As in a TOML file: `http.retry_ms`, `log_level`. */
  readonly key: string;
  /** What the key is seen to do. */
  readonly name: string;
  /** Rejects when the effect is not there. Rows run at the same time, so each has processes of its own. */
  run(): Promise<void>;
}

/** Runs `use` with a proxy on free ports of 127.0.0.1 and ends it whatever comes of it. */
export const withProxy = async (
  environment: Environment,
  use: (proxy: ProxyProcess) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> => {
  const proxy = await startProxyProcess(environment, args);
  try {
    await use(proxy);
  } finally {
    await proxy.stop();
  }
};

/** Runs `use` with a proxy on each HTTP engine, one after the other. */
export const withEachEngine = async (
  environment: Environment,
  use: (proxy: ProxyProcess) => Promise<void>,
): Promise<void> => {
  for (const engine of engines) await withProxy({ ...environment, REVENPROX_HTTP__ENGINE: engine }, use);
};

/** Runs `use` with a folder of its own and removes it afterwards. */
export const withFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "proxy-effect-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
