import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProxStatus, RolloutStatus } from "@revenprox/contract/resource/status";
import type { ApplyOutcome, ObjectRef } from "./ports.ts";
import { insteadOfChanging } from "./rival.ts";

/** An event on a RevenProx, as `kubectl describe` shows it. */
export interface ResourceEvent {
  readonly type: "Normal" | "Warning";
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  /** True for a state that each pass finds again: told again only after some minutes. */
  readonly lasting?: boolean;
}

type Conditions = NonNullable<RevenProxStatus["conditions"]>;
type StatusCondition = Conditions[number];

const named = ({ kind, name }: ObjectRef): string => `${kind} ${name}`;

/** What a person should hear of from the writes of a pass: changes only, and lasting trouble now and then. */
export const eventsOfOutcomes = (outcomes: readonly ApplyOutcome[]): readonly ResourceEvent[] => {
  const created = outcomes.filter(({ kind }) => kind === "created").map(({ ref }) => named(ref));
  const events = outcomes.flatMap(eventOfOutcome);
  // One for all: a new resource has some twenty children.
  return created.length === 0
    ? events
    : [{ type: "Normal", reason: "Created", message: `Created ${created.join(", ")}` }, ...events];
};

/** What a person should hear of from a status: changes only. */
export const eventsOfConditions = (
  before: RevenProxStatus | undefined,
  after: RevenProxStatus,
): readonly ResourceEvent[] =>
  (after.conditions ?? [])
    .filter((condition) => !isToldByStalled(after.conditions ?? [], condition))
    .flatMap((condition) => eventOfCondition(before?.conditions ?? [], condition));

/** A change of replicas by autoscaling, as an autoscaler tells it on its own object. */
export const eventsOfScaling = (
  before: RevenProxStatus | undefined,
  after: RevenProxStatus,
): readonly ResourceEvent[] => {
  const [old, now] = [before?.autoscaling, after.autoscaling];
  if (old === undefined || now === undefined || old.desired === now.desired) return [];
  const { load, targetPerPod } = now;
  const by =
    load === undefined || targetPerPod === undefined ? "" : ` (${load} streams, ${targetPerPod} for each proxy)`;
  const message = `${old.desired} proxies become ${now.desired}: ${now.reason}${by}`;
  return [{ type: "Normal", reason: "SuccessfulRescale", message }];
};

const movesOf: Record<RolloutStatus["reason"], string> = {
  PodTemplateChanged: "pods are replaced",
  ScaleDown: "pods go",
  Rebalance: "full pods give streams to emptier ones",
};

/** What a person should hear of streams that move: the beginning and the end of it, and what holds it up. */
export const eventsOfRollout = (
  before: RevenProxStatus | undefined,
  { rollout: now }: RevenProxStatus,
): readonly ResourceEvent[] => {
  if (now === undefined) return [];
  const old = before?.rollout?.startedAt === now.startedAt ? before.rollout : undefined;
  const what = `${movesOf[now.reason]}, ${now.from} to ${now.to}`;
  const begins: readonly ResourceEvent[] =
    old === undefined ? [{ type: "Normal", reason: "RolloutStarted", message: `Streams move: ${what}` }] : [];
  if (now.finishedAt !== undefined) return old?.finishedAt === undefined ? [...begins, endOf(now, what)] : [];
  return now.waitingFor !== undefined && now.waitingFor !== old?.waitingFor
    ? [...begins, ...lasting("RolloutWaiting", `Streams wait to move: ${now.waitingFor}`)]
    : begins;
};

const endOf = ({ streamsMoved, streamsLost, seconds }: RolloutStatus, what: string): ResourceEvent => ({
  type: streamsLost > 0 ? "Warning" : "Normal",
  reason: "RolloutFinished",
  message: `${streamsMoved} streams moved, ${streamsLost} lost, in ${seconds} s: ${what}`,
});

const warning = (reason: string, message: string): readonly ResourceEvent[] => [{ type: "Warning", reason, message }];

const lasting = (reason: string, message: string): readonly ResourceEvent[] => [
  { type: "Warning", reason, message, lasting: true },
];

const eventOfOutcome = (outcome: ApplyOutcome): readonly ResourceEvent[] => {
  switch (outcome.kind) {
    case "unchanged":
    case "changed":
    case "failed":
    case "namespace-ends":
    case "created":
    case "planned":
      return [];
    case "renewed":
      return [{ type: "Normal", reason: "CertificateRenewed", message: outcome.news }];
    case "drift-corrected":
      return warning(
        "DriftCorrected",
        `${outcome.manager} changed ${outcome.fields.join(", ")} of ${named(outcome.ref)}: put back; ${insteadOfChanging(outcome)}`,
      );
    case "conflict":
      return lasting(
        "Conflict",
        `${outcome.manager} keeps changing ${outcome.fields.join(", ")} of ${named(outcome.ref)}: not put back for some minutes; the condition Stalled says what to do`,
      );
    case "name-conflict":
      return lasting(
        "NameConflict",
        `${named(outcome.ref)} exists and belongs to ${outcome.owner}: it is left alone; delete or rename it, or give the RevenProx another name`,
      );
    case "refused":
      // A spec that cannot be carried out: no server has been asked, and Stalled tells it.
      if (outcome.ref.kind === revenproxApi.kind) return [];
      return lasting("ApplyRefused", `The API server refuses ${named(outcome.ref)}: ${outcome.message}`);
  }
};

/** Conditions whose True is bad news. */
const abnormalWhenTrue: ReadonlySet<string> = new Set([
  "Stalled",
  "UpgradePending",
  "HealingExhausted",
  "StorageGrowthBlocked",
  "SchemaOutdated",
]);

const isHealthy = ({ type, status }: StatusCondition): boolean =>
  status === (abnormalWhenTrue.has(type) ? "False" : "True");

/** What the user has chosen, though the condition is abnormal: to leave it is as bad, to be back as good, as for others. */
const isChosen = ({ reason }: StatusCondition): boolean => reason === "PublishKeyOnly";

/** Whether it is news from the first pass on. */
const isTroubleAtOnce = ({ type }: StatusCondition): boolean =>
  type === "Stalled" || type === "AuthenticationConfigured";

/** Reasons why a resource is not ready yet that pass by themselves: no trouble, unless for too long, as Stalled says. */
const onTheWay: ReadonlySet<string> = new Set([
  "Progressing",
  "NatsCreating",
  "NatsServersNotReady",
  "NatsWaitingForProxies",
]);

/** Ready names whatever else is wrong, and Stalled what needs an edit: one event is enough. */
const isToldByStalled = (conditions: Conditions, { type, message }: StatusCondition): boolean =>
  type === "Ready" &&
  conditions.some((each) => each.type === "Stalled" && each.status === "True" && each.message === message);

/** Whether a resource that is not ready, as before, is so for another reason now that somebody should hear of. */
const isOtherTrouble = (old: StatusCondition | undefined, now: StatusCondition): boolean =>
  now.type === "Ready" &&
  now.status === "False" &&
  !(old?.status === "False" && old.reason === now.reason) &&
  !onTheWay.has(now.reason);

const isSame = (old: StatusCondition | undefined, now: StatusCondition): boolean =>
  old !== undefined && old.status === now.status && isChosen(old) === isChosen(now);

/** A condition that is not as it should be: bad news where it was well, or chosen, before. */
const eventOfTrouble = (
  old: StatusCondition | undefined,
  now: StatusCondition,
  message: string,
): readonly ResourceEvent[] => {
  const wasHealthy = old !== undefined && isHealthy(old);
  if (isChosen(now) && !wasHealthy) return old === undefined ? [] : [{ type: "Normal", reason: now.reason, message }];
  // A resource that was just made is not ready yet: that is no news.
  const wasWell = old !== undefined && (wasHealthy || isChosen(old));
  if (!wasWell && !isTroubleAtOnce(now)) return [];
  return now.type === "Ready" ? [{ type: "Normal", reason: now.reason, message }] : warning(now.reason, message);
};

const eventOfCondition = (before: Conditions, now: StatusCondition): readonly ResourceEvent[] => {
  const old = before.find(({ type }) => type === now.type);
  const message = `${now.type} is ${now.status}: ${now.message}`;
  if (isOtherTrouble(old, now)) return lasting(now.reason, message);
  if (now.type === "Reconciling" || now.reason === "NotAsked" || isSame(old, now)) return [];
  if (isHealthy(now)) {
    const isNews = !abnormalWhenTrue.has(now.type) || old !== undefined;
    return isNews ? [{ type: "Normal", reason: now.reason, message }] : [];
  }
  return eventOfTrouble(old, now, message);
};
