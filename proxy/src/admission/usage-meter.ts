import { readdir, stat } from "node:fs/promises";

/** The mean of the last so many values. */
export const movingMean = (length: number): ((value: number) => number) => {
  const last: number[] = [];
  return (value) => {
    last.push(value);
    if (last.length > length) last.shift();
    return last.reduce((sum, one) => sum + one, 0) / last.length;
  };
};

/** How fast a count that only grows does so, in units a second, between two looks. `now` is in milliseconds. */
export const growthMeter = (count: () => number, now: () => number): (() => number) => {
  let at = now();
  let before = count();
  return () => {
    const [then, was] = [at, before];
    at = now();
    before = count();
    return at > then ? ((before - was) * 1_000) / (at - then) : 0;
  };
};

const descriptors = "/proc/self/fd";

/** Open file descriptors; undefined where the system does not tell. */
export const countDescriptors = async (): Promise<number | undefined> => {
  try {
    // Linux 6.2 and newer tell the number as the folder's size; older ones 0, and the names must be counted.
    const { size } = await stat(descriptors);
    return size > 0 ? size : (await readdir(descriptors)).length - 1;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};
