import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ApplyOutcome, ClusterFacts, SecretSpec } from "../reconcile/ports.ts";
import { failureOf } from "./apply.ts";
import type { KubeClient } from "./client.ts";
import { pathOf, secretKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { keyOf, parseLiveObject } from "./object.ts";
import { holderOf, ownerReferenceTo } from "./ownership.ts";
import { type Replacement, replaceSecret } from "./replace-secret.ts";
import { type Secret, secretFacts } from "./secret-facts.ts";

export interface SecretDependencies {
  readonly client: KubeClient;
  readonly now: () => number;
  readonly manager: string;
}

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

/**
 * How long a pass believes an answer. Secrets are not watched: a deleted one is noticed by the pass of each minute,
 * also where a change of something else caused another one right before it was deleted.
 */
const FRESH_FOR_PASSES_MS = 10_000;
/** How long the same is believed by those who only need a value, as to ask a proxy, and learn that it is old. */
const FRESH_MS = 50_000;

export const createSecrets = ({ client, now, manager }: SecretDependencies): Secrets => {
  const cache = new Map<string, { readonly at: number; readonly secret: Secret }>();

  // In order of age: what comes first is oldest. No value stays in memory for longer than it is used.
  const forgetStale = () => {
    for (const [key, { at }] of cache) {
      if (now() - at < FRESH_MS) return;
      cache.delete(key);
    }
  };

  const get = async (namespace: string, name: string, maxAgeMs = FRESH_FOR_PASSES_MS): Promise<Secret | undefined> => {
    const key = keyOf(namespace, name);
    const known = cache.get(key);
    if (known !== undefined && now() - known.at < maxAgeMs) return known.secret;
    forgetStale();
    try {
      const answer = await client.request({ method: "GET", path: pathOf(secretKind, namespace, name) });
      const secret: Secret = parseLiveObject(answer, secretKind, manager);
      cache.delete(key);
      cache.set(key, { at: now(), secret });
      return secret;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };

  const judged = (revenprox: RevenProx, secret: Secret): ApplyOutcome => {
    const ref = secretRef(secret.metadata.name);
    const holder = holderOf(secret, revenprox);
    if (holder.kind === "ours") return { kind: "unchanged", ref };
    cache.delete(keyOf(secret.metadata.namespace, secret.metadata.name));
    if (holder.kind === "foreign") return { kind: "name-conflict", ref, owner: holder.owner };
    return { kind: "failed", ref, message: "the former Secret of this name is still being deleted" };
  };

  const create = async (revenprox: RevenProx, spec: SecretSpec): Promise<ApplyOutcome> => {
    const path = pathOf(secretKind, spec.namespace);
    try {
      await client.request({ method: "POST", path, query: { fieldManager: manager }, body: bodyOf(revenprox, spec) });
      return { kind: "created", ref: secretRef(spec.name) };
    } catch (error) {
      const faster = isStatus(error, 409) ? await get(spec.namespace, spec.name) : undefined;
      if (faster === undefined) throw error;
      return judged(revenprox, faster);
    }
  };

  const ensureOne = async (revenprox: RevenProx, spec: SecretSpec): Promise<ApplyOutcome> => {
    try {
      const secret = await get(spec.namespace, spec.name);
      return secret === undefined ? await create(revenprox, spec) : judged(revenprox, secret);
    } catch (error) {
      return failureOf(secretRef(spec.name), error);
    }
  };

  return {
    ensure: (revenprox, specs) => Promise.all(specs.map((spec) => ensureOne(revenprox, spec))),
    read: (namespace, name) => get(namespace, name),
    create: (revenprox, spec) =>
      create(revenprox, spec).catch((error: unknown) => failureOf(secretRef(spec.name), error)),
    replace: async (revenprox, live, replacement) => {
      const outcome = await replaceSecret({ client, manager }, { revenprox, live }, replacement);
      // Also where another one was faster: what is known of it is old.
      if (outcome.kind !== "unchanged") cache.delete(keyOf(live.metadata.namespace, live.metadata.name));
      return outcome;
    },
    facts: (revenprox) => secretFacts((namespace, name) => get(namespace, name), revenprox),
    value: async (namespace, name, key) => {
      const encoded = (await get(namespace, name, FRESH_MS))?.data?.[key];
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
