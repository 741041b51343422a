import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunName } from "./fleet/network.ts";
import { planOf } from "./plan.ts";
import { runChaos } from "./run.ts";
import { stageVariables } from "./stage.ts";
import { runStorm } from "./storm/run-storm.ts";
import { stormPlanOf } from "./storm/storm-plan.ts";

// Started by main.ts in the network namespace that it made.
const words = process.argv.slice(2);
const size = words.includes("--short") ? "short" : "full";
const text = process.env[stageVariables.run] ?? "";
const run: RunName = { text, folder: join(tmpdir(), text) };
const results = fileURLToPath(new URL("../../test-results/chaos/", import.meta.url));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const play = async (): Promise<boolean> => {
  const date = new Date().toISOString().replaceAll(":", "");
  const common = { run, say, natsProgram: process.env[stageVariables.nats] ?? "" };
  if (words.includes("--storm")) {
    const folder = join(results, `${date}-storm`);
    mkdirSync(folder, { recursive: true });
    return await runStorm({ ...common, folder, plan: stormPlanOf(size, process.env), command: "npm run test:storm" });
  }
  const plan = planOf(size, process.env);
  const folder = join(results, `${date}-${plan.seed}`);
  mkdirSync(folder, { recursive: true });
  return await runChaos({ ...common, folder, plan, command: "npm run test:cluster" });
};

process.exit((await play()) ? 0 : 1);
