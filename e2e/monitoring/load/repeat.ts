/** Work that goes on until it is stopped. */
export interface Repeating {
  /** Resolves when nothing of it is under way. Rejects with the first failure of a job. */
  stop(): Promise<void>;
}

/** Starts `job` each `milliseconds`, without waiting for the one before; `round` counts from 0. Stops at a failure. */
export const repeat = (milliseconds: number, job: (round: number) => Promise<void>): Repeating => {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let round = 0;
  const timer = setInterval(() => {
    if (failures.length > 0) return;
    const run: Promise<void> = job(round)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => underWay.delete(run));
    underWay.add(run);
    round += 1;
  }, milliseconds);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      if (failures.length > 0) throw failures[0];
    },
  };
};
