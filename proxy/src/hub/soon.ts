/** A value that is there already, or will be: what is known at once takes no promise and no turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

export const isLater = <T>(value: Soon<T>): value is Promise<T> => value instanceof Promise;

/** `use` of the value: at once where it is there. What `use` throws is thrown, or rejects, accordingly. */
export const whenThere = <T, R>(value: Soon<T>, use: (value: T) => Soon<R>): Soon<R> =>
  isLater(value) ? value.then(use) : use(value);

/**
 * `use` of what `ask` says of something, or `mend` of its failure, which may throw another; what `use` throws is not
 * mended. All are given what they are about, so that no closure is made where the answer is there at once.
 */
export const whenSettled = <A, T, R>(
  ask: (about: A) => Soon<T>,
  about: A,
  use: (value: T, about: A) => R,
  mend: (fault: unknown, about: A) => R,
): Soon<R> => {
  let there: Soon<T>;
  try {
    there = ask(about);
  } catch (fault) {
    return mend(fault, about);
  }
  if (!isLater(there)) return use(there, about);
  return there.then(
    (value) => use(value, about),
    (fault) => mend(fault, about),
  );
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

/** The value; `done` is called once when it is there, or has failed. */
export const followed = <T>(value: Soon<T>, done: () => void): Soon<T> => {
  if (isLater(value)) return value.finally(done);
  done();
  return value;
};
