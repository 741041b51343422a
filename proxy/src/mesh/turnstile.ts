/** Lets at most `width` tasks run at once; the others wait in order. */
export const createTurnstile = (width: number) => {
  let running = 0;
  const queue: (() => void)[] = [];
  return async <Result>(task: () => Promise<Result>): Promise<Result> => {
    if (running >= width) await new Promise<void>((pass) => queue.push(pass));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
