import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome, ClusterFacts, SecretSpec } from "../reconcile/ports.ts";
import { failureOf } from "./apply.ts";
import { pathOf, secretKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { holderOf, ownerReferenceTo } from "./ownership.ts";
import { type Replacement, replaceSecret } from "./replace-secret.ts";
import { type Secret, secretFacts } from "./secret-facts.ts";
import { createSecretReader, type SecretReaderDependencies } from "./secret-reader.ts";

/** Secrets of the RevenProxes: read by name, never listed; made once, only certificates are written again. */
export interface Secrets {
  /** Makes those that are absent. Never throws. */
  ensure(revenprox: RevenProx, specs: readonly SecretSpec[]): Promise<readonly ApplyOutcome[]>;
  /** Undefined when there is none. Throws when the API server cannot tell. */
  read(namespace: string, name: string): Promise<Secret | undefined>;
  /** Makes an absent one. Never throws. */
  create(revenprox: RevenProx, spec: SecretSpec): Promise<ApplyOutcome>;
  /** As `replaceSecret`. */
  replace(revenprox: RevenProx, live: Secret, replacement: Replacement): Promise<ApplyOutcome>;
  /** Throws when the API server cannot tell. */
  facts(revenprox: RevenProx): Promise<ClusterFacts["secrets"]>;
  /** One value as text; undefined when there is none. */
  value(namespace: string, name: string, key: string): Promise<string | undefined>;
}

export const createSecrets = ({ client, now, manager }: SecretReaderDependencies): Secrets => {
  const { read, readKnown, forget } = createSecretReader({ client, now, manager });

  const judged = (revenprox: RevenProx, secret: Secret): ApplyOutcome => {
    const ref = secretRef(secret.metadata.name);
    const holder = holderOf(secret, revenprox);
    if (holder.kind === "ours") return { kind: "unchanged", ref };
    forget(secret);
    if (holder.kind === "foreign") return { kind: "name-conflict", ref, owner: holder.owner };
    return { kind: "failed", ref, message: "the former Secret of this name is still being deleted" };
  };

  const create = async (revenprox: RevenProx, spec: SecretSpec): Promise<ApplyOutcome> => {
    const path = pathOf(secretKind, spec.namespace);
    try {
      await client.request({ method: "POST", path, query: { fieldManager: manager }, body: bodyOf(revenprox, spec) });
      return { kind: "created", ref: secretRef(spec.name) };
    } catch (error) {
      const faster = isStatus(error, 409) ? await read(spec.namespace, spec.name) : undefined;
      if (faster === undefined) throw error;
      return judged(revenprox, faster);
    }
  };

  const ensureOne = async (revenprox: RevenProx, spec: SecretSpec): Promise<ApplyOutcome> => {
    try {
      const secret = await read(spec.namespace, spec.name);
      return secret === undefined ? await create(revenprox, spec) : judged(revenprox, secret);
    } catch (error) {
      return failureOf(secretRef(spec.name), error);
    }
  };

  return {
    ensure: (revenprox, specs) => Promise.all(specs.map((spec) => ensureOne(revenprox, spec))),
    read,
    create: (revenprox, spec) =>
      create(revenprox, spec).catch((error: unknown) => failureOf(secretRef(spec.name), error)),
    replace: async (revenprox, live, replacement) => {
      const outcome = await replaceSecret({ client, manager }, { revenprox, live }, replacement);
      // Also where another one was faster: what is known of it is old.
      if (outcome.kind !== "unchanged") forget(live);
      return outcome;
    },
    facts: (revenprox) => secretFacts(read, revenprox),
    value: async (namespace, name, key) => {
      const encoded = (await readKnown(namespace, name))?.data?.[key];
      return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
    },
  };
};

export const secretRef = (name: string) => ({ apiVersion: secretKind.apiVersion, kind: secretKind.kind, name });

const bodyOf = (revenprox: RevenProx, spec: SecretSpec) => ({
  apiVersion: secretKind.apiVersion,
  kind: secretKind.kind,
  type: "Opaque",
  metadata: {
    name: spec.name,
    namespace: spec.namespace,
    labels: spec.labels,
    ownerReferences: [ownerReferenceTo(revenprox)],
  },
  stringData: spec.stringData,
});
