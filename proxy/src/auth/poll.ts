/** Runs `look` every `intervalMs`, one after the other, until the returned function is called. `look` must not reject. */
export const poll = (intervalMs: number, look: () => Promise<void>): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void look().finally(next), intervalMs);
    timer.unref();
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};
