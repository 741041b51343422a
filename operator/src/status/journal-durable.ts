import { names } from "@revenprox/contract/names";
import { journalSize, type WantedJournal } from "../desired/journal-size.ts";
import { natsPlan } from "../desired/nats-plan.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, isUnknown, type Verdict } from "./verdict.ts";

const wantedJournal = (config: Readonly<Record<string, unknown>> | undefined): WantedJournal =>
  (config?.["journal"] as WantedJournal | undefined) ?? {};

const emptyDir =
  "The journal lies in an emptyDir and is lost with its pod: the cluster had no default StorageClass when NATS was made. " +
  "Create a second RevenProx with nats.managed.storage.className and move clients to it.";

/** Whether events outlive the loss of a NATS pod. */
export const journalDurable = ({ input, natsTrouble }: Situation): Verdict => {
  const { revenprox, facts, observed, desired } = input;
  const wanted = wantedJournal(revenprox.spec.config);
  if (wanted.enabled === false)
    return isFalse(
      "JournalOff",
      "Nothing is stored, as config.journal.enabled asks: events are delivered at most once.",
    );
  const natsName = names(revenprox.metadata.name).nats;
  const statefulSet = [...observed.objects, ...desired].find(
    ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === natsName,
  );
  const { defaultStorageClass, journalVolumes } = facts;
  const nats = natsPlan(revenprox.spec, { defaultStorageClass, statefulSet, journalVolumes });
  if (nats.kind === "external") {
    return isUnknown("ExternalNats", "Whoever runs the external NATS knows how durable its storage is.");
  }
  if (statefulSet === undefined) return isUnknown("NotMade", "There are no NATS servers yet.");
  if (natsTrouble?.reason === "StorageClassMissing") return isUnknown("NoVolume", natsTrouble.message);
  const { maxBytes, capped } = journalSize(nats, wanted);
  const cut =
    capped === undefined
      ? ""
      : ` config.journal.maxBytes is ${capped.wanted}, but a volume of ${nats.size} takes ${maxBytes}: that is what holds.`;
  if (nats.volume.kind === "empty-dir") return isFalse("EmptyDir", `${emptyDir}${cut}`);
  return isTrue(
    "PersistentVolume",
    `${nats.replicas === 1 ? "The NATS server has" : `Each of the ${nats.replicas} NATS servers has`} a volume of ${nats.size}.${cut}`,
  );
};
