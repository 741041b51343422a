import { onTestFinished, test } from "vitest";
import { machineText } from "../chaos/report/machine.ts";
import { attachedPlatform } from "../stories/attached-platform.ts";
import { startClusterStage } from "./cluster-stage.ts";
import { judge } from "./judge.contract.ts";
import { stepPlan } from "./plan.ts";
import { stepReport } from "./report.ts";
import { runStep, specOf } from "./run-step.ts";

const plan = stepPlan(400);

test("in a cluster, proxies follow a step of streams up and back", { timeout: 600_000 }, async () => {
  const stage = await startClusterStage(await attachedPlatform(), specOf(plan));
  onTestFinished(() => stage.stop());
  const seen = await runStep(stage, plan);
  const date = new Date().toISOString().slice(0, 10);
  process.stdout.write(stepReport(seen, { date, machine: machineText(), command: "npm run e2e" }));
  judge(seen);
});
