import type { StatusInput } from "../reconcile/ports.ts";
import { settledInput } from "../testing/live.ts";
import { testCases } from "../testing/status-case.contract.ts";

const route = { route: { parentRefs: [{ name: "public" }] } };
const ingress = { ingress: {} };

const withStatus = (spec: unknown, status: Readonly<Record<string, unknown>>): StatusInput => {
  const input = settledInput(spec);
  const objects = input.observed.objects.map((object) => ({
    ...object,
    ...(object.kind in status ? { status: status[object.kind] } : {}),
  }));
  return { ...input, observed: { ...input.observed, objects } };
};

const parent = (type: string, status: string) => ({
  parentRef: { name: "public" },
  conditions: [{ type, status, reason: "NotAllowedByListeners", message: "no listener takes this namespace" }],
});
const address = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };

testCases([
  { name: "nothing asked for", input: settledInput({}), says: { RouteReady: "True NotAsked" } },
  {
    name: "a route without the Gateway API",
    input: settledInput(route, { gateway: { httpRoute: false } }),
    says: { RouteReady: "False CRDMissing", Ready: "True Ready" },
    naming: ["Install the Gateway API"],
  },
  { name: "a route that nobody took", input: settledInput(route), says: { RouteReady: "Unknown WaitingForGateway" } },
  {
    name: "a route that was refused",
    input: withStatus(route, { HTTPRoute: { parents: [parent("Accepted", "False")] } }),
    says: { RouteReady: "False NotAllowedByListeners" },
    naming: ["Gateway public", "no listener takes this namespace"],
  },
  {
    name: "a route that was taken",
    input: withStatus(route, { HTTPRoute: { parents: [parent("Accepted", "True")] } }),
    says: { RouteReady: "True Accepted" },
  },
  { name: "an Ingress alone", input: settledInput(ingress), says: { RouteReady: "Unknown WaitingForController" } },
  {
    name: "an Ingress with an address",
    input: withStatus(ingress, { Ingress: address }),
    says: { RouteReady: "True Addressed" },
    naming: ["192.0.2.1"],
  },
  {
    name: "both, of which one is not there yet",
    input: withStatus({ ...route, ...ingress }, { Ingress: address }),
    says: { RouteReady: "Unknown WaitingForGateway" },
  },
]);
