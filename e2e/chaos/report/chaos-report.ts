import type { Verdict } from "../check/checker.ts";
import type { OffenceKind } from "../check/offences.ts";
import { offenceKinds } from "../check/offences.ts";
import type { FaultLine } from "../faults.ts";
import type { Plan } from "../plan.ts";

export interface ChaosResult {
  readonly plan: Plan;
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly verdict: Verdict;
  readonly messages: number;
  readonly epochs: number;
  /** What makes the run worthless, or was found in the journal itself. */
  readonly faults: readonly string[];
  readonly played: readonly FaultLine[];
  /** Seconds until every client had the last event of each of its topics, after the faults were mended. */
  readonly levelAfterSeconds: number | undefined;
  /** Attempts to publish after the first. */
  readonly attemptsAgain: number;
  readonly heldBack: number;
}

const kinds = Object.keys(offenceKinds) as OffenceKind[];

export const passed = ({ verdict, faults, levelAfterSeconds }: ChaosResult): boolean =>
  verdict.offences.total === 0 && faults.length === 0 && levelAfterSeconds !== undefined;

const number = (value: number): string => value.toLocaleString("en-US");

const rows = (cells: readonly (readonly [string, string | number])[]): string =>
  cells.map(([name, value]) => `| ${name} | ${typeof value === "number" ? number(value) : value} |`).join("\n");

const loadRows = ({
  plan,
  verdict,
  messages,
  epochs,
  attemptsAgain,
  heldBack,
  levelAfterSeconds,
}: ChaosResult): string =>
  rows([
    ["Seconds of load under faults", plan.seconds],
    ["NATS servers, replicas of the journal", plan.natsNodes],
    ["Proxies", plan.proxies],
    ["Clients", verdict.clients],
    ["Topics", plan.topics],
    ["Publishes each second, over HTTP and straight to NATS", `${plan.publishesPerSecond} + ${plan.directPerSecond}`],
    ["Publishes accepted", verdict.accepted],
    ["Publishes whose fate was not told in 60 s", verdict.unknown],
    ["Attempts after the first", attemptsAgain],
    ["Publishes not begun, since too many were open", heldBack],
    ["Messages in the journal, heartbeats included", messages],
    ["Epochs of the journal", epochs],
    ["Events delivered", verdict.delivered],
    ["Resumes with Last-Event-ID", verdict.resumes],
    ["Gaps that the bounds forced, each announced", verdict.forcedGaps],
    ["Events within these gaps", verdict.expired],
    ["Late events in streams of several topics, delivered all the same", verdict.late],
    [
      "Known case of docs/streams.md: events of streams of several topics missed by a reconnect before they were found",
      verdict.known,
    ],
    [
      "Seconds until all were level after the last fault",
      levelAfterSeconds === undefined ? "never" : levelAfterSeconds.toFixed(1),
    ],
  ]);

const judgement = ({ verdict }: ChaosResult): string =>
  rows(kinds.map((kind) => [offenceKinds[kind], verdict.offences.count(kind)]));

const faultRows = (played: readonly FaultLine[]): string =>
  played
    .toSorted((one, other) => one.fromMs - other.fromMs)
    .map(({ fromMs, toMs, text }) => `| ${(fromMs / 1_000).toFixed(1)} | ${(toMs / 1_000).toFixed(1)} | ${text} |`)
    .join("\n");

/** The run as a page for people. */
export const chaosMarkdown = (result: ChaosResult): string => {
  const { date, machine, command, plan, faults, played } = result;
  const worthless =
    faults.length === 0
      ? ""
      : `\n## Faults of the run or the journal\n${faults
          .slice(0, 20)
          .map((fault) => `- ${fault}`)
          .join("\n")}\n`;
  return `# One stream over many pods, under faults

**${passed(result) ? "Passed" : "FAILED"}**, ${date}. Written by \`${command}\`; seed ${plan.seed} (\`REVENPROX_CHAOS_SEED=${plan.seed}\` replays its faults). ${machine}; servers, proxies, clients and publishers share it.

Real nats-servers and proxies, each in a network namespace of its own; half of the clients come back at random times to a random proxy. Afterwards the journal itself is read and compared with what each client wrote down.

| What was wrong | Times |
| --- | --- |
${judgement(result)}
${worthless}
| What happened | |
| --- | --- |
${loadRows(result)}

## Faults

| From s | To s | Fault |
| --- | --- | --- |
${faultRows(played)}
`;
};

/** The run for programs. */
export const chaosJson = (result: ChaosResult): string => {
  const { verdict, ...rest } = result;
  const { offences, ...figures } = verdict;
  const counted = Object.fromEntries(kinds.map((kind) => [kind, offences.count(kind)]));
  return `${JSON.stringify({ passed: passed(result), ...rest, figures, offences: counted, first: offences.first }, null, 2)}\n`;
};
