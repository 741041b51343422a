import { names } from "@revenprox/contract/names";
import { natsPlan } from "../desired/nats-plan.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

const asWanted = isFalse("AsSpecified", "No volume is to grow.");

/** Whether the volumes of managed NATS cannot get as large as the spec says. What runs goes on as it is. */
export const storageGrowthBlocked = ({ input }: Situation): Verdict => {
  const { revenprox, facts, observed } = input;
  const { nats: natsName } = names(revenprox.metadata.name);
  const statefulSet = observed.objects.find(
    ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === natsName,
  );
  const { defaultStorageClass, journalVolumes } = facts;
  const nats = natsPlan(revenprox.spec, { defaultStorageClass, statefulSet, journalVolumes });
  if (nats.kind === "external" || nats.size === nats.wantedSize) return asWanted;
  const sizes = `from ${nats.size} to ${nats.wantedSize}`;
  if (nats.volume.kind === "empty-dir")
    return isTrue(
      "EmptyDir",
      `The journal's emptyDir does not grow ${sizes}: a larger one takes a new pod, and the journal is lost with the former. Create a second RevenProx and move clients to it.`,
    );
  if (journalVolumes?.blocked !== undefined)
    return isTrue(
      "NotExpandable",
      `The volumes cannot grow ${sizes}: ${journalVolumes.blocked}. NATS goes on with what there is.`,
    );
  return isFalse("Growing", `The volumes grow ${sizes}: ${journalVolumes?.waitingFor ?? "their turn comes"}.`);
};
