import {
  type PlannedChange,
  type PlannedField,
  type PlanStatus,
  planBounds,
} from "@revenprox/contract/resource/status-plan";
import type { ApplyOutcome } from "../reconcile/ports.ts";
import { fieldDiff } from "./field-diff.ts";
import { type PodEffects, podEffects } from "./pod-effects.ts";
import type { RecordedWrite } from "./recorded-write.ts";

/** What a pass would have done. */
export interface PlanFacts {
  readonly generation: number;
  readonly writes: readonly RecordedWrite[];
  readonly outcomes: readonly ApplyOutcome[];
  /** Open streams on all proxies; undefined when it is not known. */
  readonly open: number | undefined;
}

const short = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

const shortened = ({ path, from, to }: PlannedField): PlannedField => ({
  path: short(path, planBounds.pathLength),
  ...(from === undefined ? {} : { from: short(from, planBounds.valueLength) }),
  ...(to === undefined ? {} : { to: short(to, planBounds.valueLength) }),
});

const changeOf = ({ ref: { kind, name }, action, before, after }: RecordedWrite): PlannedChange =>
  action === "Change" && kind !== "Secret"
    ? { kind, name, action, fields: fieldDiff(before, after).map(shortened) }
    : { kind, name, action };

const isSecret = ({ ref }: RecordedWrite): boolean => ref.kind === "Secret";
const isDelete = ({ action }: RecordedWrite): boolean => action === "Delete";
const byName = (a: RecordedWrite, b: RecordedWrite): number => (a.ref.name < b.ref.name ? -1 : 1);

/** Secrets are made, and objects deleted, several at once: by their names, so that the same plan is the same bytes. */
const inOrder = (writes: readonly RecordedWrite[]): readonly RecordedWrite[] => [
  ...writes.filter(isSecret).toSorted(byName),
  ...writes.filter((write) => !isSecret(write) && !isDelete(write)),
  ...writes.filter((write) => !isSecret(write) && isDelete(write)).toSorted(byName),
];

type Obstacle = Pick<PlannedChange, "action" | "message">;

/** Why an object cannot be written as it stands, or could not be tried this time. */
const obstacleOf = (outcome: ApplyOutcome): Obstacle | undefined => {
  switch (outcome.kind) {
    case "refused":
      return { action: "Refused", message: outcome.message };
    case "name-conflict":
      return { action: "Refused", message: `the name is taken by an object of ${outcome.owner}` };
    case "conflict":
      return { action: "Refused", message: `${outcome.manager} keeps changing ${outcome.fields.join(", ")}` };
    case "namespace-ends":
      return { action: "Refused", message: "the namespace is being deleted" };
    case "failed":
      return { action: "Unknown", message: outcome.message };
    case "planned":
    case "unchanged":
    case "created":
    case "changed":
    case "renewed":
    case "drift-corrected":
      return undefined;
  }
};

const obstacles = (outcomes: readonly ApplyOutcome[]): readonly PlannedChange[] =>
  outcomes.flatMap((outcome) => {
    const { kind, name } = outcome.ref;
    const obstacle = obstacleOf(outcome);
    return obstacle === undefined ? [] : [{ kind, name, ...obstacle, message: short(obstacle.message ?? "", 1_024) }];
  });

/** The first fields and objects that fit, and how many do not. */
const bounded = (changes: readonly PlannedChange[]): Pick<PlanStatus, "changes" | "omitted"> => {
  let [room, omitted] = [planBounds.fields as number, Math.max(0, changes.length - planBounds.changes)];
  const shown = changes.slice(0, planBounds.changes).map(({ fields, ...change }) => {
    if (fields === undefined) return change;
    const kept = fields.slice(0, room);
    room -= kept.length;
    omitted += fields.length - kept.length;
    return { ...change, fields: kept };
  });
  return { changes: shown, ...(omitted === 0 ? {} : { omitted }) };
};

const counted = (count: number, noun: string, plural = `${noun}s`): string => `${count} ${count === 1 ? noun : plural}`;

const summaryOf = (changes: readonly PlannedChange[], { restarts, removes, streams }: PodEffects): string => {
  if (changes.length === 0) return "Nothing would change.";
  const having = (wanted: PlannedChange["action"]) => changes.filter(({ action }) => action === wanted).length;
  const parts = [
    ["made", having("Create")],
    ["changed", having("Change")],
    ["deleted", having("Delete")],
    ["refused", having("Refused")],
  ].flatMap(([what, count]) => (count === 0 ? [] : [`${counted(Number(count), "object")} would be ${what}`]));
  const untried = having("Unknown");
  if (untried > 0) parts.push(`${counted(untried, "object")} could not be tried and will be again`);
  const pods = [
    ["restart", counted(restarts.proxies, "proxy", "proxies"), restarts.proxies],
    ["go", counted(removes.proxies, "proxy", "proxies"), removes.proxies],
    ["restart", counted(restarts.natsServers, "NATS server"), restarts.natsServers],
    ["go", counted(removes.natsServers, "NATS server"), removes.natsServers],
  ].flatMap(([what, who, count]) => (count === 0 ? [] : [`${who} would ${what}`]));
  const moved = streams === undefined || pods.length === 0 ? [] : [`${counted(streams, "stream")} would move`];
  return `${[...parts, ...(pods.length === 0 ? ["no pod would restart"] : pods), ...moved].join(", ")}.`;
};

/** `status.plan`: the same facts give the same bytes. */
export const planStatusOf = ({ generation, writes, outcomes, open }: PlanFacts): PlanStatus => {
  const real = inOrder(writes)
    .map(changeOf)
    .filter(({ action, fields }) => action !== "Change" || fields?.length !== 0);
  const changes = [...real, ...obstacles(outcomes)];
  const effects = podEffects(writes, open);
  return { generation, summary: short(summaryOf(changes, effects), 1_024), ...effects, ...bounded(changes) };
};
