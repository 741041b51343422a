import type { RolloutStatus } from "@revenprox/contract/resource/status";
import type { RolloutResult } from "./run-rollout.ts";

const number = (value: number): string => value.toLocaleString("en-US");

const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => (typeof cell === "number" ? number(cell) : cell)).join(" | ")} |`;

const moveRow = (what: string, { from, to, streamsMoved, streamsLost, seconds = 0 }: RolloutStatus): string =>
  row(what, `${from} to ${to}`, streamsMoved, streamsLost, seconds);

/** The page of a run that passed. */
export const rolloutReport = (
  { plan, kind, replaced, scaled, spread, seconds, publishedAgain, podsAtOnce, lagSeconds, verdict }: RolloutResult,
  { date, machine, command }: { readonly date: string; readonly machine: string; readonly command: string },
): string =>
  `# Moving streams: a rolling change, then ${plan.pods} pods to ${plan.podsLeft}

${date}, ${machine}: ${kind}. \`${command}\`.

${number(verdict.readers)} streams on ${number(plan.topics)} topics, ${number(plan.publishesPerSecond)} publishes a second all the while; \`spec.rollout\`: ${plan.pace} streams a second, a drain window of ${plan.drainWindowSeconds} s.

| \`status.rollout\` | from, to | streams moved | lost | seconds |
| --- | --- | --- | --- | --- |
${moveRow("the pod template changed", replaced)}
${moveRow("fewer replicas", scaled)}
${moveRow("one more, and full pods gave it streams", spread)}

| what the clients saw, in ${number(seconds)} s | |
| --- | --- |
${[
  row("events accepted", verdict.published),
  row("events delivered", verdict.delivered),
  row("lost", verdict.lost),
  row("doubled", verdict.doubled),
  row("out of order", verdict.disordered),
  row("gaps told", verdict.gaps),
  row("most pods that drained at the same time", podsAtOnce),
  row("streams ended by a proxy", verdict.ends),
  row("attempts to open a stream that were refused", verdict.refused),
  row("clients refused twice in a row", verdict.refusedTwice),
  row("most streams ended within any second", verdict.endsInASecond),
  row("most streams opened again within any second", verdict.reconnectsInASecond),
  row("most streams ended within any ten seconds, a second", verdict.endsInTen / 10),
  row("most streams opened again within any ten seconds, a second", verdict.reconnectsInTen / 10),
  row("longest hold-up of the clients' own process, seconds", Math.round(lagSeconds * 100) / 100),
  row("attempts to publish after the first", publishedAgain),
].join("\n")}

Each stream is told its own time to come back, so seconds differ; and what a held-up process sees at once had come before. So the pace is judged over ten seconds and the hold-up.
`;
