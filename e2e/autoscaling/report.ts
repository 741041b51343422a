import { changesOf, turnsOf } from "./curve.ts";
import type { StepResult } from "./run-step.ts";

const number = (value: number): string => value.toLocaleString("en-US");

/** The page of a run that passed; the picture lies beside it. */
export const stepReport = (
  { plan, kind, samples, refused, gaps }: StepResult,
  { date, machine, command }: { readonly date: string; readonly machine: string; readonly command: string },
): string => {
  const { streams, targetPerPod, minReplicas, maxReplicas, scaleDown } = plan;
  const most = (of: (sample: (typeof samples)[number]) => number) => Math.max(...samples.map(of));
  const changes = changesOf(samples).map(
    ({ seconds, streams: held, desired, ready }) =>
      `| ${seconds.toFixed(1)} | ${number(held)} | ${desired} | ${ready} |`,
  );
  return `# Autoscaling: from nothing to ${number(streams)} streams and back

${date}, ${machine}: ${kind}. \`${command}\`.

\`spec.autoscaling\`: ${minReplicas} to ${maxReplicas} proxies, ${number(targetPerPod)} streams each; down by ${scaleDown.maxPods} in ${scaleDown.periodSeconds} s after ${scaleDown.stabilizationWindowSeconds} s.

![streams and proxies over time](autoscaling.svg)

| second | streams | proxies wanted from then on | ready then |
| --- | --- | --- | --- |
${changes.join("\n")}

| | |
| --- | --- |
| most streams | ${number(most((sample) => sample.streams))} |
| most proxies wanted | ${most(({ desired }) => desired)} |
| times that replicas turned round (1: no flapping) | ${turnsOf(samples)} |
| attempts to open a stream that were refused | ${number(refused)} |
| gaps told | ${number(gaps)} |
`;
};
