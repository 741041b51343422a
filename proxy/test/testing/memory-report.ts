import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into a proxy by `--import`: it answers SIGPWR with what its memory holds after garbage collection.
setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

process.on("SIGPWR", () => {
  if (typeof collect === "function") collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`memory ${JSON.stringify({ rss, heapUsed, external })}\n`);
});
