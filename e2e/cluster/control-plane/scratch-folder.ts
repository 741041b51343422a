import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isRunning } from "../host/process-table.ts";

const PREFIX = "revenprox-control-plane-";

/** Makes a temporary folder that carries its owner in its name, and removes those whose owners have ended without a goodbye. */
export function makeScratchFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    if (isAbandoned(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const startTime = identify(process.pid)?.startTime ?? "0";
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-${startTime}-`));
}

/** True for the name of a scratch folder whose owner no longer runs. */
export function isAbandoned(name: string): boolean {
  const match = /^(\d+)-(\d+)-/.exec(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "");
  if (match === null) return false;
  const [, pid, startTime] = match;
  return !isRunning({ pid: Number(pid), startTime: startTime ?? "" });
}
