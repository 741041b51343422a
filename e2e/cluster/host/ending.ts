import { setTimeout as delay } from "node:timers/promises";
import { isRunning, type ProcessIdentity, signalProcess } from "./process-table.ts";

const LOOK_EVERY_MS = 10;

/** Waits until all have ended; returns those that still run after `withinMs`. */
export async function waitForEnd(processes: readonly ProcessIdentity[], withinMs: number): Promise<ProcessIdentity[]> {
  const deadline = performance.now() + withinMs;
  let left = processes.filter(isRunning);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(LOOK_EVERY_MS);
    left = left.filter(isRunning);
  }
  return left;
}

/** Asks politely, waits up to `graceMs`, then kills. Throws when a process survives SIGKILL for 10 s. */
export async function endProcesses(processes: readonly ProcessIdentity[], graceMs: number): Promise<void> {
  if (graceMs > 0) for (const each of processes) signalProcess(each, "SIGTERM");
  const stubborn = await waitForEnd(processes, graceMs);
  for (const each of stubborn) signalProcess(each, "SIGKILL");
  const immortal = await waitForEnd(stubborn, 10_000);
  if (immortal.length > 0) {
    const pids = immortal.map((each) => each.pid).join(", ");
    throw new Error(`processes ${pids} did not end within 10 s of SIGKILL (see State in /proc/PID/status)`);
  }
}
