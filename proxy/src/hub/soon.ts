/** A value that is there already, or will be: what is known at once takes no promise and no turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

export const isLater = <T>(value: Soon<T>): value is Promise<T> => value instanceof Promise;

/** `use` of the value: at once where it is there. What `use` throws is thrown, or rejects, accordingly. */
export const whenThere = <T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> =>
  isLater(value) ? value.then(use) : use(value);

/** `use` of the value, or `mend` of its failure, which may throw another; what `use` throws is not mended. */
export const whenSettled = <T, R>(
  value: () => Soon<T>,
  use: (value: T) => Soon<R>,
  mend: (fault: unknown) => Soon<R>,
): Soon<R> => {
  let there: Soon<T>;
  try {
    there = value();
  } catch (fault) {
    return mend(fault);
  }
  return isLater(there) ? there.then(use, mend) : use(there);
};

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
  void whenSettled(value, use, (fault) => use(mend(fault)));
};

/** The value; `done` is called once when it is there, or has failed. */
export const followed = <T>(value: Soon<T>, done: () => void): Soon<T> => {
  if (isLater(value)) return value.finally(done);
  done();
  return value;
};
