/** A counter or gauge without labels. */
export interface Counts {
  inc(by: number): void;
}

/** Counts in a plain number, which reaches the counter when it is read: for what happens with every event. */
export const tallied = (beforeScrape: (refresh: () => void) => void, counter: Counts): ((by?: number) => void) => {
  let uncounted = 0;
  beforeScrape(() => {
    counter.inc(uncounted);
    uncounted = 0;
  });
  return (by = 1) => {
    uncounted += by;
  };
};
