import type { Counter } from "prom-client";

/** Counts in a plain number, which reaches the counter when it is read: for what happens with every event. */
export const tallied = (beforeScrape: (refresh: () => void) => void, counter: Counter): ((by: number) => void) => {
  let uncounted = 0;
  beforeScrape(() => {
    counter.inc(uncounted);
    uncounted = 0;
  });
  return (by) => {
    uncounted += by;
  };
};
