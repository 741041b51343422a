/** Takes one line for the person who waits. */
export type Progress = (line: string) => void;

export type Work = { what: string; usually: string };

const REMIND_EVERY_MS = 20_000;

/** Runs long work and tells `progress` what is done, how long it usually takes and how long it took. */
export async function timed<T>(progress: Progress, work: Work, run: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  progress(`${work.what} (usually ${work.usually}) ...`);
  const reminder = setInterval(() => progress(`${work.what}: ${elapsed()} so far`), REMIND_EVERY_MS);
  try {
    const result = await run();
    progress(`${work.what}: done in ${elapsed()}`);
    return result;
  } catch (error) {
    progress(`${work.what}: failed after ${elapsed()}`);
    throw error;
  } finally {
    clearInterval(reminder);
  }
}
