const REMIND_EVERY_MS = 20_000;

/** Runs long work and says on standard error what is being done, how long it usually takes, and how long it took. */
export async function withProgress<T>(what: string, usually: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  say(`${what} (usually ${usually}) ...`);
  const reminder = setInterval(() => say(`${what}: ${seconds()} s so far`), REMIND_EVERY_MS);
  reminder.unref();
  try {
    const result = await work();
    say(`${what}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    say(`${what}: failed after ${seconds()} s`);
    throw error;
  } finally {
    clearInterval(reminder);
  }
}

/** One line for the person who waits; standard output is left to results. */
export function say(line: string): void {
  process.stderr.write(`[cluster] ${line}\n`);
}
