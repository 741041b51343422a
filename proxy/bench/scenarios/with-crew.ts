import type { RunningSubject, Subject } from "../subjects/subject.ts";
import { Crew, type CrewOptions } from "../tool/crew.ts";
import { cores } from "../tool/processes.ts";
import type { Bench } from "./scenario.ts";

export interface Staffed {
  readonly crew: Crew;
  readonly running: RunningSubject;
  stop(): Promise<void>;
}

/** A fresh server and a fresh crew. */
export const startCrew = async (
  bench: Bench,
  subject: Subject,
  options: Partial<CrewOptions> = {},
): Promise<Staffed> => {
  const { namespace } = options;
  const running = await subject.start({
    cores: cores.server,
    folder: bench.newFolder(),
    proxyKeys: bench.proxyKeys,
    namespace,
  });
  const crew = new Crew({ program: bench.loadTool, readers: 2, ...options });
  const stop = async (): Promise<void> => {
    await crew.stop();
    await running.stop();
  };
  return { crew, running, stop };
};

/** Runs `use` with a fresh server and a fresh crew. */
export const withCrew = async <T>(
  bench: Bench,
  subject: Subject,
  use: (crew: Crew, running: RunningSubject) => Promise<T>,
  options: Partial<CrewOptions> = {},
): Promise<T> => {
  const { crew, running, stop } = await startCrew(bench, subject, options);
  try {
    return await use(crew, running);
  } finally {
    await stop();
  }
};

/** `make`, with what was started stopped when it fails. */
export const keptOn = async <T>(staffed: Staffed, make: (staffed: Staffed) => Promise<T>): Promise<T> => {
  try {
    return await make(staffed);
  } catch (error) {
    await staffed.stop();
    throw error;
  }
};
