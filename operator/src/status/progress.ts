import type { RevenProxStatus, RolloutStatus } from "@revenprox/contract/resource/status";
import type { Situation } from "./situation.ts";
import type { Verdict } from "./verdict.ts";
import { wantedReplicas } from "./wanted-replicas.ts";

/** How far the cluster is on its way to the spec. */
export interface Progress {
  /** What is waited for; undefined when everything is as desired. */
  readonly waitingFor: string | undefined;
  /** Whether something came forward since the last status, or the spec is a new one: the deadline begins anew. */
  readonly cameForward: boolean;
  readonly deadlineExceeded: boolean;
  readonly deadlineSeconds: number;
}

const currentChildren = ({ children }: Pick<RevenProxStatus, "children">): number =>
  (children ?? []).filter(({ health }) => health === "Current").length;

/** Streams that move for the sake of the spec; a rebalance is none of its wishes. */
const moveUnderWay = ({ facts }: Situation["input"]): RolloutStatus | undefined => {
  const move = facts.rollout?.status;
  return move === undefined || move.finishedAt !== undefined || move.reason === "Rebalance" ? undefined : move;
};

const movesOn = (input: Situation["input"], exist: number): boolean => {
  const { status: old = {} } = input.revenprox;
  const move = moveUnderWay(input);
  return move !== undefined && (move.streamsMoved > (old.rollout?.streamsMoved ?? 0) || exist < (old.replicas ?? 0));
};

const waitingFor = ({ input, children }: Situation, nats: Verdict): string | undefined => {
  const child = children.find(({ health }) => health !== "Current");
  if (child !== undefined) return `${child.kind} ${child.name}: ${child.message ?? child.health}`;
  const move = moveUnderWay(input);
  if (move !== undefined)
    return `${move.reason} from ${move.from} to ${move.to}: ${move.waitingFor ?? "streams move to other pods."}`;
  const volumes = input.facts.journalVolumes;
  if (volumes?.waitingFor !== undefined) return `The volumes of the NATS servers grow: ${volumes.waitingFor}.`;
  const asked = wantedReplicas(input) > 0;
  return nats.status === "True" || (nats.status === "Unknown" && !asked) ? undefined : nats.message;
};

/** Since when there is no progress, in milliseconds; undefined while there is. */
const waitingSince = ({ conditions = [] }: RevenProxStatus): number | undefined => {
  const reconciling = conditions.find(({ type, status }) => type === "Reconciling" && status === "True");
  return reconciling === undefined ? undefined : Date.parse(reconciling.lastTransitionTime);
};

const wasPastDeadline = ({ conditions = [] }: RevenProxStatus): boolean =>
  conditions.some(
    ({ type, status, reason }) => type === "Stalled" && status === "True" && reason === "ProgressDeadlineExceeded",
  );

export const progressOf = (situation: Situation, nats: Verdict): Progress => {
  const { input, proxies, children } = situation;
  const { metadata, spec, status: old = {} } = input.revenprox;
  const waiting = waitingFor(situation, nats);
  const cameForward =
    old.observedGeneration !== metadata.generation ||
    (proxies?.ready ?? 0) > (old.readyReplicas ?? 0) ||
    movesOn(input, proxies?.exist ?? 0) ||
    currentChildren({ children: [...children] }) > currentChildren(old);
  const since = waitingSince(old);
  const waited = since === undefined ? 0 : (input.now.getTime() - since) / 1_000;
  const late =
    wasPastDeadline(old) ||
    waited >= spec.progressDeadlineSeconds ||
    (proxies?.observed === true && proxies.deadlineExceeded);
  return {
    waitingFor: waiting,
    cameForward,
    deadlineExceeded: waiting !== undefined && !cameForward && late,
    deadlineSeconds: spec.progressDeadlineSeconds,
  };
};
