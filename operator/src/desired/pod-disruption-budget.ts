import { selectorLabels } from "@revenprox/contract/labels";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";

/** Rounded up, so a single proxy never blocks the drain of its node. */
const defaultMaxUnavailable = "10%";

/** A server is one of three at most, so that a majority stays. */
const natsMaxUnavailable = 1;

const proxyBudget = ({ revenprox }: Instance) => {
  const { minAvailable, maxUnavailable = defaultMaxUnavailable } = revenprox.spec.podDisruptionBudget ?? {};
  return minAvailable === undefined ? { maxUnavailable } : { minAvailable };
};

/** Budgets for the proxies, and for NATS where it can bear a loss: of one server any budget would block the drain. */
export const podDisruptionBudgets = (instance: Instance): readonly DesiredObject[] => {
  const { revenprox, names, nats } = instance;
  if (revenprox.spec.podDisruptionBudget?.enabled === false) return [];
  const budget = (component: "proxy" | "nats", spec: Readonly<Record<string, unknown>>): DesiredObject => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(instance, names[component], component),
    spec: { ...spec, selector: { matchLabels: selectorLabels(instance.name, component) } },
  });
  // A proxy that is not ready serves nobody: it must not keep a node from being drained.
  const proxies = budget("proxy", { ...proxyBudget(instance), unhealthyPodEvictionPolicy: "AlwaysAllow" });
  return nats.kind === "managed" && nats.replicas > 1
    ? [proxies, budget("nats", { maxUnavailable: natsMaxUnavailable, unhealthyPodEvictionPolicy: "AlwaysAllow" })]
    : [proxies];
};
