import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import { allCutOff, untilTheyReachIt } from "./cut-off.ts";
import type { LivePod } from "./live-pod.ts";
import { missingSecret } from "./missing-secret.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, isUnknown, type Verdict } from "./verdict.ts";

type External = NonNullable<NonNullable<RevenProxSpec["nats"]>["external"]>;

/** Milliseconds a running proxy may take to reach the bus before that is called a fault. */
const connectPatienceMs = 10_000;

/** Running, without a crash so far, for longer than a connection takes. */
const triedInVain = (pod: LivePod, now: Date): boolean =>
  !pod.ready &&
  pod.containers.some(({ state, lastState }) => {
    const startedAt = lastState?.terminated === undefined ? state?.running?.startedAt : undefined;
    return startedAt !== undefined && now.getTime() - Date.parse(startedAt) >= connectPatienceMs;
  });

const whatToCheck = ({ input }: Situation, { credentialsSecret }: External): string => {
  const { namespace } = input.revenprox.metadata;
  const credentials =
    credentialsSecret === undefined
      ? "that they take clients without a password (spec.nats.external.credentialsSecret is not set)"
      : `the username and password in the Secret ${credentialsSecret}`;
  return `Check the addresses, that namespace ${namespace} may connect to them, that JetStream is on, and ${credentials}.`;
};

/** The operator dials nobody: what the proxies reached is what counts. They are ready only once they had the bus. */
export const externalNats = (situation: Situation, external: External): Verdict => {
  const { input, proxies, proxyPods } = situation;
  const servers = external.servers.join(", ");
  const ready = proxies?.ready ?? 0;
  const lost = allCutOff(situation);
  if (ready > 0 && !lost) return isTrue("Connected", `Proxies are connected to ${servers}.`);
  const missing = missingSecret(input, "spec.nats.external");
  if (missing !== undefined) return isFalse("SecretMissing", missing.message);
  if (lost) {
    return isFalse(
      "Unreachable",
      `No proxy reaches NATS at ${servers} any more. ${whatToCheck(situation, external)} ${untilTheyReachIt}`,
    );
  }
  if (input.revenprox.spec.replicas === 0) return isUnknown("NoProxies", "There is no proxy that could tell.");
  if (proxyPods.some((pod) => triedInVain(pod, input.now))) {
    const what = `No proxy has reached NATS at ${servers}.`;
    return isFalse("Unreachable", `${what} ${whatToCheck(situation, external)} The proxies keep trying.`);
  }
  return isUnknown("WaitingForProxies", `No proxy has had the time to reach ${servers}.`);
};
