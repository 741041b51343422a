import { type PodLoad, streamsOf } from "../fleet/pod-load.ts";

/** What there is, and what is wanted. */
export interface StepInput {
  /** Proxies that are to run in the end. */
  readonly wanted: number;
  /** `spec.replicas` of the Deployment. */
  readonly current: number;
  /** Whether the Deployment's controller has seen its present spec. */
  readonly observed: boolean;
  /** All proxy pods, those that go included; figures may be missing unless fewer pods are wanted. */
  readonly pods: readonly PodLoad[];
  /** Pods that may drain at once. */
  readonly podsAtOnce: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What the Deployment is told next. */
export interface Step {
  readonly replicas: number;
  /** Holds the Deployment's own roll-out while pods drain. */
  readonly paused: boolean;
  /** Names of the pods that go when replicas are lowered now. */
  readonly victims: readonly string[];
  /** What holds it up, where that is not pods that drain. */
  readonly waitingFor?: string;
}

/** Milliseconds after its time until a pod that should be gone (its node is, for example) holds up the others no more. */
const overdueMs = 15_000;

export const staying = (pods: readonly PodLoad[]): readonly PodLoad[] =>
  pods.filter(({ goneBy }) => goneBy === undefined);

/** Pods that may still be ending their streams. */
export const draining = (pods: readonly PodLoad[], now: number): readonly PodLoad[] =>
  pods.filter(({ goneBy }) => goneBy !== undefined && goneBy + overdueMs > now);

/** Whether pods of one revision are being replaced by those of another. */
export const isRolling = (pods: readonly PodLoad[]): boolean =>
  new Set(staying(pods).map(({ owner }) => owner)).size > 1;

/** In the order in which the ReplicaSet controller takes them: it looks at readiness before the cost that we write. */
const inOrderOfGoing = (pods: readonly PodLoad[]): readonly PodLoad[] =>
  staying(pods).toSorted(
    (a, b) =>
      Number(a.ready) - Number(b.ready) ||
      (a.figures?.streams ?? 0) - (b.figures?.streams ?? 0) ||
      (a.pod < b.pod ? -1 : 1),
  );

const freeOn = (pods: readonly PodLoad[]): number =>
  pods
    .filter(({ ready }) => ready)
    .reduce((sum, { figures }) => sum + Math.max(0, (figures?.limit ?? 0) - (figures?.streams ?? 0)), 0);

/** Those that go next: as many as may drain at once, and with them all that have no streams. */
const victimsOf = (pods: readonly PodLoad[], most: number, podsAtOnce: number): readonly PodLoad[] => {
  const order = inOrderOfGoing(pods).slice(0, most);
  const idle = order.findIndex(({ figures }) => figures?.streams !== 0);
  return order.slice(0, Math.max(podsAtOnce, idle === -1 ? order.length : idle));
};

/** Why the pods that stay cannot take what the victims hold; undefined when they can. */
const noRoom = (pods: readonly PodLoad[], victims: readonly PodLoad[]): string | undefined => {
  const others = staying(pods).filter((pod) => !victims.includes(pod));
  const [moving, free] = [streamsOf(victims), freeOn(others)];
  if (moving <= free) return undefined;
  const names = victims.map(({ pod }) => pod).join(", ");
  return `${names}: ${moving} streams, and the other pods have room for ${free}`;
};

const scaleDown = (input: StepInput, hold: Step): Step => {
  const { wanted, current, observed, pods, podsAtOnce, now } = input;
  const rolling = isRolling(pods);
  const exist = staying(pods).length;
  // Pods that were never made need not go.
  if (!rolling && exist <= wanted) return { ...hold, replicas: wanted };
  // Of an earlier step something is still to come; the next one waits for it.
  const pending = !observed || exist > current + (rolling ? podsAtOnce : 0);
  if (pending || draining(pods, now).length > 0) return hold;
  const base = rolling ? current : Math.min(current, exist);
  if (base <= wanted) return { ...hold, replicas: wanted };
  const victims = victimsOf(pods, base - wanted, podsAtOnce);
  const waitingFor = noRoom(pods, victims);
  if (waitingFor !== undefined) return { ...hold, waitingFor };
  return {
    replicas: Math.max(wanted, base - victims.length),
    // Else the Deployment might take a pod of its own choice beside ours.
    paused: rolling,
    victims: victims.map(({ pod }) => pod),
  };
};

/**
 * The next step on the way to what is wanted, such that no more pods drain at once than may. More pods come at once.
 * None at all is wanted of who switches off: there is nobody to take the streams, so nothing is waited for.
 */
export const nextStep = (input: StepInput): Step => {
  const { wanted, current, pods, now } = input;
  const paused = isRolling(pods) && draining(pods, now).length > 0;
  const hold: Step = { replicas: current, paused, victims: [] };
  if (wanted >= current || wanted === 0) return { ...hold, replicas: wanted };
  return scaleDown(input, hold);
};
