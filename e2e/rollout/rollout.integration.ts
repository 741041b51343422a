import { expect, onTestFinished, test } from "vitest";
import { machineText } from "../chaos/report/machine.ts";
import { judge } from "./judge.contract.ts";
import { commandOfThis, rolloutPlan } from "./plan.ts";
import { rolloutReport } from "./report.ts";
import { runRollout, specOf } from "./run-rollout.ts";
import { startMachineStage } from "./stage/machine-stage.ts";

const minutes = 60_000;

test(
  "streams move at their pace, and no client loses, doubles or is refused anything",
  async () => {
    const stage = await startMachineStage(specOf(rolloutPlan));
    onTestFinished(() => stage.stop());
    const result = await runRollout(stage, rolloutPlan).catch((error: unknown) => {
      throw new Error(stage.operatorLog(), { cause: error });
    });
    const date = new Date().toISOString().slice(0, 10);
    process.stdout.write(rolloutReport(result, { date, machine: machineText(), command: commandOfThis }));
    judge(result);
    expect(stage.targets()).toHaveLength(rolloutPlan.podsLeft + 1);
  },
  10 * minutes,
);
