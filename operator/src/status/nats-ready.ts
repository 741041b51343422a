import { hasWriteFailure, type NatsServer } from "../nats/nats-server.ts";
import { allCutOff, untilTheyReachIt } from "./cut-off.ts";
import { externalNats } from "./external-nats.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** Longest fault that is quoted. */
const maxFaultLength = 300;

interface FaultyServer extends NatsServer {
  readonly fault: string;
}

const faulty = (server: NatsServer): server is FaultyServer => server.fault !== undefined;

const quoted = ({ name, fault }: FaultyServer): string => `${name}: ${fault.slice(0, maxFaultLength)}`;

/** What servers find wrong with themselves although their pods are ready; undefined: nothing that matters. */
const fault = (servers: readonly NatsServer[], wanted: number): Verdict | undefined => {
  const ill = servers.filter(faulty);
  const [first] = ill;
  if (first === undefined) return undefined;
  const stores = wanted - ill.length > wanted / 2;
  const unwritable = ill.find(hasWriteFailure);
  if (unwritable !== undefined && !stores) {
    return isFalse(
      "StorageFailed",
      `No event is stored: ${quoted(unwritable)}. Make room on its volume, or mend it. It is started again every few ` +
        "minutes, and stores events again once its writes succeed; docs/nats.md says how to hurry that.",
    );
  }
  return stores
    ? isTrue("Degraded", `Events are stored, but one more loss stops that. ${quoted(first)}`)
    : isFalse("JournalNotCurrent", `Too few NATS servers hold the journal. ${quoted(first)}`);
};

const managedNats = (situation: Situation): Verdict => {
  const { natsServers: servers, natsTrouble: trouble, input } = situation;
  if (servers === undefined) {
    return input.desired.length === 0
      ? isFalse("NotMade", "There are no NATS servers: Stalled says what keeps them from being made.")
      : isFalse("Creating", "The NATS servers are being created.");
  }
  const { ready, wanted, exist } = servers;
  const count = `${ready} of ${wanted} NATS servers are ready.`;
  // A StatefulSet tells of refused pods (a quota, a policy) by events alone, which the operator does not read.
  const missing = exist < wanted ? ` ${wanted - exist} have no pod yet: kubectl describe statefulset says why.` : "";
  if (ready >= wanted)
    return fault(input.natsServers, wanted) ?? (allCutOff(situation) ? cutOff(count) : isTrue("Ready", count));
  // With a majority the journal takes events.
  if (ready > wanted / 2) return isTrue("Degraded", `${count} Events are stored, but one more loss stops that.`);
  return trouble === undefined
    ? isFalse("ServersNotReady", `${count}${missing}`)
    : isFalse(trouble.reason, trouble.message);
};

const cutOff = (count: string): Verdict =>
  isFalse(
    "Unreachable",
    `${count} No proxy reaches them: look at what is between their pods, as NetworkPolicies and DNS, and at the log of a proxy. ${untilTheyReachIt}`,
  );

/** Whether the bus and the journal work. */
export const natsReady = (situation: Situation): Verdict => {
  const external = situation.input.revenprox.spec.nats?.external;
  return external === undefined ? managedNats(situation) : externalNats(situation, external);
};
