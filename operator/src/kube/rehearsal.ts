import type { RecordedWrite } from "../plan/recorded-write.ts";
import type { ApplyOutcome, DesiredObject, SecretsToCreate } from "../reconcile/ports.ts";
import type { Cluster, Rehearsal } from "../reconcile/reconcile.ts";
import { applyObject } from "./apply.ts";
import type { DriftMemory } from "./drift-memory.ts";
import { dryRunClient } from "./dry-run.ts";
import { createJournalVolumes } from "./journal-volumes.ts";
import { ensureCertificates } from "./nats-certificates.ts";
import { prune } from "./prune.ts";
import type { ApplyDependencies } from "./put-right.ts";
import { createSecrets } from "./secrets.ts";
import type { StorageClasses } from "./storage-class.ts";
import type { ObjectStore } from "./store.ts";

export interface RehearsalParts extends Omit<ApplyDependencies, "store"> {
  readonly store: ObjectStore;
  readonly storageClasses: StorageClasses;
  readonly secretsToCreate: SecretsToCreate;
  readonly random: (bytes: number) => string;
  readonly clock: () => Date;
}

/** What was written for show is not kept: neither in the view of the cluster nor in what is known of rivals. */
const forgetful = ({ store, drift }: RehearsalParts): Pick<ApplyDependencies, "store" | "drift"> => ({
  store: { get: (kind, namespace, name) => store.get(kind, namespace, name), put: () => undefined },
  drift: {
    ...drift,
    corrected: () => undefined,
    inert: () => undefined,
    fulfilled: () => undefined,
  } satisfies DriftMemory,
});

const planned = (outcome: ApplyOutcome): ApplyOutcome => {
  const { ref } = outcome;
  if (outcome.kind === "created") return { kind: "planned", ref, action: "Create" };
  if (outcome.kind === "changed" || outcome.kind === "renewed" || outcome.kind === "drift-corrected")
    return { kind: "planned", ref, action: "Change" };
  return outcome;
};

const deletions = (writes: readonly RecordedWrite[]): readonly ApplyOutcome[] =>
  writes.flatMap(({ ref, action }) => (action === "Delete" ? [{ kind: "planned", ref, action } as const] : []));

/** `cluster` for one pass whose writes are dry runs; everything else of the pass is as it always is. */
export const rehearse = (parts: RehearsalParts, cluster: Cluster): Rehearsal => {
  const { client, writes } = dryRunClient(parts.client);
  const dependencies = { ...parts, client, ...forgetful(parts) };
  const secrets = createSecrets({ client, now: parts.now, manager: parts.manager });
  return {
    writes,
    cluster: {
      ...cluster,
      ensureSecrets: async (revenprox) => {
        const made = await secrets.ensure(revenprox, parts.secretsToCreate(revenprox, parts.random));
        const certificates = await ensureCertificates({ secrets, clock: parts.clock }, revenprox);
        return [...made, ...certificates].map(planned);
      },
      apply: async (revenprox, object: DesiredObject) => planned(await applyObject(dependencies, revenprox, object)),
      journalVolumes: createJournalVolumes({ ...parts, client }),
      prune: async (revenprox, desired) => {
        const failed = await prune({ client, store: parts.store }, revenprox, desired);
        return [...deletions(writes()), ...failed];
      },
    },
  };
};
