import type { RunningSubject, Subject } from "../subjects/subject.ts";
import { Crew, type CrewOptions } from "../tool/crew.ts";
import { cores } from "../tool/processes.ts";
import type { Bench } from "./scenario.ts";

/** Runs `use` with a fresh server and a fresh crew. */
export const withCrew = async <T>(
  bench: Bench,
  subject: Subject,
  use: (crew: Crew, running: RunningSubject) => Promise<T>,
  options: Partial<CrewOptions> = {},
): Promise<T> => {
  const { namespace } = options;
  const running = await subject.start({ cores: cores.server, folder: bench.newFolder(), namespace });
  const crew = new Crew({ program: bench.loadTool, readers: 2, ...options });
  try {
    return await use(crew, running);
  } finally {
    await crew.stop();
    await running.stop();
  }
};
