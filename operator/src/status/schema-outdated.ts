import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** Fields that are named; of others only the number is told. */
const mostNamed = 8;

const named = (paths: readonly string[]): string => {
  const more = paths.length - mostNamed;
  return `${paths.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

const upToDate = isFalse("UpToDate", "The cluster serves the CustomResourceDefinition of this release.");

const toldBefore = (status: RevenProxStatus | undefined): Verdict | undefined => {
  const told = status?.conditions?.find(({ type }) => type === "SchemaOutdated");
  return told === undefined || told.status === "Unknown"
    ? undefined
    : { status: told.status, reason: told.reason, message: told.message };
};

/** Whether the API server drops fields that this operator knows: it serves the CRD of an earlier release. */
export const schemaOutdated = ({ input }: Situation): Verdict => {
  const { facts, revenprox } = input;
  // Right after the start it is not known yet.
  if (facts.schema === undefined) return toldBefore(revenprox.status) ?? upToDate;
  const { missing, unknown } = facts.schema;
  if (missing.length > 0)
    return isTrue(
      "CRDOlder",
      `The cluster serves the CustomResourceDefinition of an earlier release: it drops without a word what a manifest says of ${named(missing)}. Upgrade the chart with crds.enabled, or apply crds/revenprox.yaml of this release.`,
    );
  if (unknown.length > 0)
    return isFalse(
      "CRDNewer",
      `The cluster serves the CustomResourceDefinition of a later release: this operator knows nothing of ${named(unknown)}, and does nothing about it.`,
    );
  return upToDate;
};
