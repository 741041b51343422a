import { readFile } from "node:fs/promises";
import type { TracingConfig } from "@revenprox/contract/config/proxy-config";
import { parseHeaderLines } from "./auth/upstream-headers.ts";
import { version } from "./config/version.ts";
import type { Log } from "./hub/ports.ts";
import { systemClock } from "./system-clock.ts";
import type { Instruments } from "./telemetry/instruments.ts";
import { startTracing, type Tracing } from "./telemetry/tracing.ts";

/** Headers for the receiver; a file that cannot be read means none, and the receiver's refusal is told. */
const readHeaders = async (file: string | undefined, log: Log): Promise<Record<string, string>> => {
  if (file === undefined) return {};
  try {
    return { ...parseHeaderLines(await readFile(file, "utf8")).headers };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    log.error(`[tracing] headers_file ${file} cannot be read (${code}): spans are sent without its headers`);
    return {};
  }
};

/** Undefined while tracing is off. */
export const buildTracing = (parts: {
  readonly config: TracingConfig;
  readonly proxyId: string;
  readonly log: Log;
  readonly instruments: Instruments;
}): Promise<Tracing | undefined> => {
  const { config, proxyId, log, instruments } = parts;
  return startTracing({
    config,
    source: { version: version(), instanceId: proxyId },
    clock: systemClock,
    random: Math.random,
    log,
    instruments,
    headers: () => readHeaders(config.headersFile, log),
  });
};
