import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** Calls `take` with each line of a file. */
export const eachLine = async (file: string, take: (line: string) => void): Promise<void> => {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line !== "") take(line);
};
