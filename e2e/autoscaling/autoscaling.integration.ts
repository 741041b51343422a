import { onTestFinished, test } from "vitest";
import { machineText } from "../chaos/report/machine.ts";
import { startMachineStage } from "../rollout/stage/machine-stage.ts";
import { judge } from "./judge.contract.ts";
import { stepPlan } from "./plan.ts";
import { stepReport } from "./report.ts";
import { runStep, specOf } from "./run-step.ts";

const plan = stepPlan(600);

test("proxies follow a step of streams up and back, and never flap", { timeout: 900_000 }, async () => {
  const stage = await startMachineStage(specOf(plan));
  onTestFinished(() => stage.stop());
  const seen = await runStep(stage, plan).catch((error: unknown) => {
    throw new Error(stage.operatorLog(), { cause: error });
  });
  const date = new Date().toISOString().slice(0, 10);
  process.stdout.write(stepReport(seen, { date, machine: machineText(), command: "npm test" }));
  judge(seen);
});
