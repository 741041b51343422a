const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Repeats `attempt` until it returns something other than undefined; a rejection counts as "not yet".
 * Rejects after `timeoutMs`, saying what was waited for and why the last attempt did not do.
 */
export const eventually = async <T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = "it was not so yet";
  while (Date.now() < deadline) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = error;
    }
    await pause(250);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`, { cause: last });
};
