import { fileURLToPath } from "node:url";
import { runOnStage } from "./stage.ts";

// Real servers and proxies under faults, or with `--storm` under a resume storm; `--short` for the size that `npm test` runs.
process.exitCode = await runOnStage(fileURLToPath(new URL("./inside.ts", import.meta.url)), process.argv.slice(2));
