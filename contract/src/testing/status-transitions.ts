import { conditionStatus, kstatus, type StatusCondition, type StatusObject, statusOf } from "./kstatus.ts";

/** Resource versions of one API server are in the order of its writes, over all kinds. */
const version = ({ metadata }: StatusObject): bigint => BigInt(metadata.resourceVersion ?? "0");

const isRevenProx = ({ kind }: StatusObject): boolean => kind === "RevenProx";

const isWritten = (object: StatusObject): boolean =>
  // What the CRD defaults says -1: no operator has looked yet.
  (statusOf(object).observedGeneration ?? -1) >= 0;

/** What is wrong with one state by itself. */
const inState = (object: StatusObject): readonly string[] => {
  const status = statusOf(object);
  const [ready, reconciling, stalled] = ["Ready", "Reconciling", "Stalled"].map((type) =>
    conditionStatus(status, type),
  );
  const late = (status.conditions ?? []).filter(
    ({ observedGeneration }) => observedGeneration !== undefined && observedGeneration !== status.observedGeneration,
  );
  const said = [ready, reconciling, stalled].filter((each) => each === "True").length;
  return [
    ...(reconciling === "True" && stalled === "True" ? ["Reconciling and Stalled at once"] : []),
    ...(ready === "True" && said > 1 ? ["Ready, and Reconciling or Stalled"] : []),
    ...(said === 0 ? ["neither Ready, nor Reconciling, nor Stalled"] : []),
    ...late.map(({ type }) => `${type} speaks of another generation than the status`),
    ...((status.observedGeneration ?? 0) > (object.metadata.generation ?? 0) ? ["a generation that is not there"] : []),
  ];
};

const timeOf = ({ lastTransitionTime = "" }: StatusCondition): number => Date.parse(lastTransitionTime);

/** Of Reconciling the time is that of the last step forward. */
const isMisdated = (before: StatusCondition, now: StatusCondition): boolean =>
  timeOf(now) < timeOf(before) ||
  (before.status === now.status && now.type !== "Reconciling" && timeOf(now) !== timeOf(before));

/** What is wrong between two states that follow one another. */
const betweenStates = (before: StatusObject, now: StatusObject): readonly string[] => {
  const [old, status] = [statusOf(before), statusOf(now)];
  const backwards = (status.observedGeneration ?? 0) < (old.observedGeneration ?? 0);
  const misdated = (status.conditions ?? []).filter((condition) => {
    const same = old.conditions?.find(({ type }) => type === condition.type);
    return same !== undefined && isWritten(before) && isMisdated(same, condition);
  });
  return [
    ...(backwards ? ["observedGeneration goes back"] : []),
    ...misdated.map(({ type }) => `${type} changes its time and not its status, or goes back in time`),
  ];
};

/** States of a child that were true at some moment from the version `from` to the version `to`. */
const during = (states: readonly StatusObject[], from: bigint, to: bigint): readonly StatusObject[] => {
  const until = states.filter((state) => version(state) <= to);
  const last = until.findLastIndex((state) => version(state) <= from);
  return until.slice(Math.max(0, last));
};

/** Children that were at no moment Current between the last status and this one, which says that all is. */
const notYetCurrent = (
  before: StatusObject | undefined,
  now: StatusObject,
  children: readonly (readonly StatusObject[])[],
): readonly string[] => {
  if (kstatus(now) !== "Current" || (before !== undefined && kstatus(before) === "Current")) return [];
  const from = before === undefined ? 0n : version(before);
  return children.flatMap((states) => {
    const seen = during(states, from, version(now));
    const child = states[0];
    if (child === undefined || seen.some((state) => kstatus(state) === "Current")) return [];
    return [`Current before ${child.kind} ${child.metadata.name} is`];
  });
};

const groupBy = (objects: readonly StatusObject[]): readonly (readonly StatusObject[])[] => {
  const groups = new Map<string, StatusObject[]>();
  for (const object of objects) {
    const key = `${object.kind} ${object.metadata.uid}`;
    groups.set(key, [...(groups.get(key) ?? []), object]);
  }
  return [...groups.values()];
};

const ofResource = (
  states: readonly StatusObject[],
  children: readonly (readonly StatusObject[])[],
): readonly string[] =>
  states.flatMap((now, index) => {
    if (!isWritten(now) || now.metadata.deletionTimestamp !== undefined) return [];
    const before = index === 0 ? undefined : states[index - 1];
    const faults = [
      ...inState(now),
      ...(before === undefined ? [] : betweenStates(before, now)),
      ...notYetCurrent(before, now, children),
    ];
    return faults.map((fault) => `${now.metadata.name} at version ${now.metadata.resourceVersion}: ${fault}`);
  });

/**
 * What is wrong with the statuses of RevenProxes, in words, by all states of them and of their Deployments and
 * StatefulSets that a watch saw; in any order. Empty: kstatus was told the truth at every moment.
 */
export const transitionFaults = (seen: readonly StatusObject[]): readonly string[] => {
  const ordered = seen.toSorted((a, b) => (version(a) < version(b) ? -1 : 1));
  const groups = groupBy(ordered);
  return groups
    .filter(([first]) => first !== undefined && isRevenProx(first))
    .flatMap((states) => {
      const uid = states[0]?.metadata.uid;
      const children = groups.filter(([child]) => child?.metadata.ownerReferences?.some((owner) => owner.uid === uid));
      return ofResource(states, children);
    });
};
