import type { KubernetesObject } from "../reconcile/ports.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, isUnknown, type Verdict } from "./verdict.ts";

interface ParentStatus {
  readonly parentRef: { readonly name: string };
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

const liveOf = ({ input }: Situation, kind: string): KubernetesObject | undefined =>
  input.observed.objects.find((object) => object.kind === kind);

const crdMissing = isFalse(
  "CRDMissing",
  "The cluster does not know HTTPRoute. Install the Gateway API, 1.2 or later; the route is made as soon as it is there.",
);

const judged = new Set(["Accepted", "ResolvedRefs"]);

/** What the Gateways say of the route. */
const routeVerdict = (situation: Situation): Verdict => {
  if (!situation.input.facts.gateway.httpRoute) return crdMissing;
  const { parents = [] } = (liveOf(situation, "HTTPRoute")?.["status"] ?? {}) as { parents?: readonly ParentStatus[] };
  if (parents.length === 0)
    return isUnknown(
      "WaitingForGateway",
      "No Gateway has taken the HTTPRoute yet: does each of spec.route.parentRefs exist?",
    );
  for (const { parentRef, conditions = [] } of parents) {
    const bad = conditions.find(({ type, status }) => judged.has(type) && status === "False");
    if (bad !== undefined)
      return isFalse(
        bad.reason ?? bad.type,
        `Gateway ${parentRef.name} refuses the HTTPRoute: ${bad.message ?? "no reason given"}`,
      );
  }
  return isTrue("Accepted", `Taken by ${parents.map(({ parentRef }) => `Gateway ${parentRef.name}`).join(", ")}.`);
};

/** What the Ingress controller says: an address. */
const ingressVerdict = (situation: Situation): Verdict => {
  const { loadBalancer } = (liveOf(situation, "Ingress")?.["status"] ?? {}) as {
    loadBalancer?: { ingress?: readonly { ip?: string; hostname?: string }[] };
  };
  const addresses = (loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  if (addresses.length > 0) return isTrue("Addressed", `The Ingress is served at ${addresses.join(", ")}.`);
  return isUnknown(
    "WaitingForController",
    "No controller has given the Ingress an address yet: is there one for spec.ingress.className?",
  );
};

/** Whether clients outside find the way in that the spec asks for. The proxies do not depend on it. */
export const routeReady = (situation: Situation): Verdict => {
  const { ingress, route } = situation.input.revenprox.spec;
  const verdicts = [
    ...(route === undefined ? [] : [routeVerdict(situation)]),
    ...(ingress === undefined ? [] : [ingressVerdict(situation)]),
  ];
  const [first] = verdicts;
  if (first === undefined) return isTrue("NotAsked", "The spec asks for neither an Ingress nor an HTTPRoute.");
  return (
    verdicts.find(({ status }) => status !== "True") ?? {
      ...first,
      message: verdicts.map(({ message }) => message).join(" "),
    }
  );
};
