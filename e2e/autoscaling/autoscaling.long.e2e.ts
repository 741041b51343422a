import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished, test } from "vitest";
import { machineText } from "../chaos/report/machine.ts";
import { startClusterStage } from "../rollout/stage/cluster-stage.ts";
import { attachedPlatform } from "../stories/attached-platform.ts";
import { svgOf } from "./curve.ts";
import { judge } from "./judge.contract.ts";
import { isLong, stepPlan } from "./plan.ts";
import { stepReport } from "./report.ts";
import { runStep, specOf } from "./run-step.ts";

const plan = stepPlan(Number(process.env["REVENPROX_TEST_AUTOSCALING_STREAMS"] ?? "400"));
const result = (file: string): string => fileURLToPath(new URL(`../../docs/results/${file}`, import.meta.url));

test("in a cluster, proxies follow a step of streams up and back", { timeout: 900_000 }, async () => {
  const stage = await startClusterStage(await attachedPlatform(), specOf(plan), "scaling");
  onTestFinished(() => stage.stop());
  const seen = await runStep(stage, plan);
  const date = new Date().toISOString().slice(0, 10);
  const command = isLong(plan) ? "npm run test:full" : "npm run e2e";
  const page = stepReport(seen, { date, machine: machineText(), command });
  process.stdout.write(page);
  judge(seen);
  if (!isLong(plan)) return;
  await writeFile(result("autoscaling.md"), page);
  await writeFile(result("autoscaling.svg"), svgOf(seen.samples));
});
