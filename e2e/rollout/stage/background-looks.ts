/** What is looked at again and again while a test does something else. */
export interface BackgroundLooks {
  /** Rejects with what went wrong first. */
  readonly failed: Promise<never>;
  /** Makes `failed` reject; after `stop` nothing does any more, since the end of a stage breaks what it looks at. */
  fail(error: unknown): void;
  /** Resolves when the look that is under way has ended. */
  stop(): Promise<void>;
}

export const lookAgainAndAgain = (look: () => Promise<void>, everyMs: number): BackgroundLooks => {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Whoever waits for it hears of it; nobody has to.
  failed.catch(() => undefined);
  let stopped = false;
  const fail = (error: unknown): void => {
    if (!stopped) reject(error);
  };
  const loop = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })().catch(fail);
  return {
    failed,
    fail,
    stop: async () => {
      stopped = true;
      await loop;
    },
  };
};
