import type { StatusInput } from "../reconcile/ports.ts";

/** Proxies that are to run in the end. */
export const wantedReplicas = ({ revenprox, scaling }: Pick<StatusInput, "revenprox" | "scaling">): number =>
  scaling?.desired ?? revenprox.spec.replicas;
