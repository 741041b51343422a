/** A value that is there already, or will be: what is known at once takes no promise and no turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

export const isLater = <T>(value: Soon<T>): value is Promise<T> => value instanceof Promise;

/** `use` of the value: at once where it is there. What `use` throws is thrown, or rejects, accordingly. */
export const whenThere = <T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> =>
  isLater(value) ? value.then(use) : use(value);

/** The value, or what `mend` makes of its failure. */
export const mended = <T>(value: () => Soon<T>, mend: (fault: unknown) => T): Soon<T> => {
  try {
    const there = value();
    return isLater(there) ? there.catch(mend) : there;
  } catch (fault) {
    return mend(fault);
  }
};

/** Hands the value to `use`, or what `mend` makes of its failure. */
export const handOver = <T>(value: () => Soon<T>, use: (value: T) => void, mend: (fault: unknown) => T): void => {
  const there = mended(value, mend);
  if (isLater(there)) void there.then(use);
  else use(there);
};

/** The value; `done` is called once when it is there, or has failed. */
export const followed = <T>(value: Soon<T>, done: () => void): Soon<T> => {
  if (isLater(value)) return value.finally(done);
  done();
  return value;
};
