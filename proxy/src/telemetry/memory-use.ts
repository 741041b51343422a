import { readFileSync } from "node:fs";

/** Bytes of resident memory, the pages of the program included that all processes of it share. */
export const residentMemory = (): number => process.memoryUsage.rss();

/** Bytes of resident memory that belong to no file, in the text of /proc/self/status; undefined where it does not tell. */
export const memoryWithoutFiles = (status: string): number | undefined => {
  const [anonymous, shared] = ["RssAnon", "RssShmem"].map(
    (name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1],
  );
  return anonymous === undefined || shared === undefined ? undefined : (Number(anonymous) + Number(shared)) * 1_024;
};

/** What this process adds to a proxy of several: its memory without the program's pages, which are there once for all. */
export const addedMemory = (): number => {
  try {
    return memoryWithoutFiles(readFileSync("/proc/self/status", "utf8")) ?? residentMemory();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return residentMemory();
    throw error;
  }
};
