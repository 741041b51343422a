const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Indented line below the current step. */
export const tell = (line: string): void => write(line.replace(/^/gm, "    "));

/** Runs one step of the demo under its title, and prints how long it took. */
export const step = async <T>(title: string, run: () => Promise<T>): Promise<T> => {
  write(`--- ${title}`);
  const start = Date.now();
  const result = await run();
  write(`    done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return result;
};
