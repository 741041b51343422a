import { closeSync, openSync, writeSync } from "node:fs";

const flushBytes = 262_144;

/** A file of lines, written in large pieces. */
export interface LineFile {
  write(line: string): void;
  close(): void;
}

export const openLineFile = (path: string): LineFile => {
  const file = openSync(path, "w");
  let waiting: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (waiting.length > 0) writeSync(file, `${waiting.join("\n")}\n`);
    waiting = [];
    bytes = 0;
  };
  return {
    write: (line) => {
      waiting.push(line);
      bytes += line.length + 1;
      if (bytes >= flushBytes) flush();
    },
    close: () => {
      flush();
      closeSync(file);
    },
  };
};
