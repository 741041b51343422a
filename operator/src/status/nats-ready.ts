import { hasWriteFailure, type NatsServer } from "../nats/nats-server.ts";
import type { LivePod } from "./live-pod.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, isUnknown, type Verdict } from "./verdict.ts";

/** Milliseconds a running proxy may take to reach the bus before that is called a fault. */
const connectPatienceMs = 10_000;

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

const managedNats = ({ natsServers: servers, natsTrouble: trouble, input }: Situation): Verdict => {
  if (servers === undefined) return isFalse("Creating", "The NATS servers are being created.");
  const { ready, wanted, exist } = servers;
  const count = `${ready} of ${wanted} NATS servers are ready.`;
  // A StatefulSet tells of refused pods (a quota, a policy) by events alone, which the operator does not read.
  const missing = exist < wanted ? ` ${wanted - exist} have no pod yet: kubectl describe statefulset says why.` : "";
  if (ready >= wanted) return fault(input.natsServers, wanted) ?? isTrue("Ready", count);
  // With a majority the journal takes events.
  if (ready > wanted / 2) return isTrue("Degraded", `${count} Events are stored, but one more loss stops that.`);
  return trouble === undefined
    ? isFalse("ServersNotReady", `${count}${missing}`)
    : isFalse(trouble.reason, trouble.message);
};

/** Running, without a crash so far, for longer than a connection takes. */
const triedInVain = (pod: LivePod, now: Date): boolean =>
  !pod.ready &&
  pod.containers.some(({ state, lastState }) => {
    const startedAt = lastState?.terminated === undefined ? state?.running?.startedAt : undefined;
    return startedAt !== undefined && now.getTime() - Date.parse(startedAt) >= connectPatienceMs;
  });

const unreachable = (
  { input }: Situation,
  servers: readonly string[],
  credentialsSecret: string | undefined,
): string => {
  const { namespace } = input.revenprox.metadata;
  const credentials =
    credentialsSecret === undefined
      ? "that they take clients without a password (spec.nats.external.credentialsSecret is not set)"
      : `the username and password in the Secret ${credentialsSecret}`;
  return (
    `No proxy has reached NATS at ${servers.join(", ")}. Check the addresses, that namespace ${namespace} may connect to them, ` +
    `that JetStream is on, and ${credentials}. The proxies keep trying.`
  );
};

/** The operator dials nobody: what the proxies reached is what counts. They are ready only once they had the bus. */
const externalNats = (
  situation: Situation,
  servers: readonly string[],
  credentialsSecret: string | undefined,
): Verdict => {
  const { input, proxies, proxyPods } = situation;
  if (input.facts.secrets.natsCredentials?.exists === false) {
    return isFalse(
      "CredentialsMissing",
      `The Secret ${credentialsSecret} that spec.nats.external.credentialsSecret names does not exist. Create it with the keys username and password.`,
    );
  }
  if ((proxies?.ready ?? 0) > 0) return isTrue("Connected", `Proxies are connected to ${servers.join(", ")}.`);
  if (input.revenprox.spec.replicas === 0) return isUnknown("NoProxies", "There is no proxy that could tell.");
  if (proxyPods.some((pod) => triedInVain(pod, input.now))) {
    return isFalse("Unreachable", unreachable(situation, servers, credentialsSecret));
  }
  return isUnknown("WaitingForProxies", `No proxy has had the time to reach ${servers.join(", ")}.`);
};

/** Whether the bus and the journal work. */
export const natsReady = (situation: Situation): Verdict => {
  const external = situation.input.revenprox.spec.nats?.external;
  if (external === undefined) return managedNats(situation);
  return externalNats(situation, external.servers, external.credentialsSecret);
};
