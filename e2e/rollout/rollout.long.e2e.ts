import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { machineText } from "../chaos/report/machine.ts";
import { attachedPlatform } from "../stories/attached-platform.ts";
import { judge } from "./judge.contract.ts";
import { commandOfThis, isFull, rolloutPlan } from "./plan.ts";
import { rolloutReport } from "./report.ts";
import { runRollout, specOf } from "./run-rollout.ts";
import { startClusterStage } from "./stage/cluster-stage.ts";

const minutes = 60_000;

test(
  "in a cluster, streams move at their pace, and no client loses, doubles or is refused anything",
  async () => {
    const stage = await startClusterStage(await attachedPlatform(), specOf(rolloutPlan));
    onTestFinished(() => stage.stop());
    const result = await runRollout(stage, rolloutPlan);
    const date = new Date().toISOString().slice(0, 10);
    const page = rolloutReport(result, { date, machine: machineText(), command: commandOfThis });
    process.stdout.write(page);
    judge(result);
    if (isFull) await writeFile(fileURLToPath(new URL("../../docs/results/rollout.md", import.meta.url)), page);
    expect(stage.targets()).toHaveLength(rolloutPlan.podsLeft + 1);
  },
  10 * minutes,
);
