import { names } from "@revenprox/contract/names";
import { natsUsers as natsUserNames } from "@revenprox/contract/nats-subjects";
import { parseKeyFile } from "@revenprox/contract/publish-key-file";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { hasGeneratedTls } from "../desired/nats-plan.ts";
import { type SecretReference, secretReferences } from "../desired/secret-references.ts";
import { managementTokenKeys } from "../desired/secrets.ts";
import type { ClusterFacts, MissingSecret, PublishKeyEntry, SecretFact } from "../reconcile/ports.ts";
import { contentHash } from "./canonical.ts";
import type { LiveObject } from "./object.ts";

export interface Secret extends LiveObject {
  /** In base64, by key. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Reads a Secret by name; throws when the API server cannot tell. */
export type GetSecret = (namespace: string, name: string) => Promise<Secret | undefined>;

/** What others need to know of the Secrets of a resource: never a value. */
export const secretFacts = async (get: GetSecret, { metadata, spec }: RevenProx): Promise<ClusterFacts["secrets"]> => {
  const { name, namespace } = metadata;
  const known = names(name);
  const fact = async (secretName: string, what = values) => factOf(await get(namespace, secretName), what);
  const certificates = async () => ({
    authority: await fact(known.natsAuthority),
    server: await fact(known.natsTls),
  });
  const credentials = spec.nats?.external?.credentialsSecret;
  const ownKeys = spec.auth?.publishKeysSecret;
  const keys = await get(namespace, ownKeys ?? known.publishKey);
  const [managementTokens, natsUsers, natsTls, missing] = await Promise.all([
    get(namespace, known.managementTokens).then((secret) => generatedFact(secret, managementTokenKeys)),
    spec.nats?.external === undefined
      ? get(namespace, known.natsUsers).then((secret) => generatedFact(secret, Object.values(natsUserNames)))
      : absent,
    hasGeneratedTls(spec) ? certificates() : undefined,
    Promise.all(secretReferences(spec).map(async (each) => lackOf(await get(namespace, each.name), each))),
  ]);
  const natsCredentials = credentials === undefined ? undefined : await fact(credentials, userName);
  return {
    publishKey: ownKeys === undefined ? factOf(keys, values) : absent,
    publishKeys: publishKeyEntries(keys),
    managementTokens,
    natsUsers,
    natsTls,
    natsCredentials,
    missing: missing.flat(),
  };
};

const absent: SecretFact = { exists: false };

const factOf = (secret: Secret | undefined, what: (secret: Secret) => readonly unknown[]): SecretFact =>
  secret === undefined ? absent : { exists: true, revision: contentHash(what(secret)) };

/** Without a revision where it lacks something: no pod is to be made anew from it. */
const generatedFact = (secret: Secret | undefined, keys: readonly string[]): SecretFact => {
  const lacks = keys.filter((key) => (secret?.data?.[key] ?? "") === "");
  return secret === undefined || lacks.length === 0 ? factOf(secret, values) : { exists: true, lacks };
};

/** What a revision follows. */
const values = ({ metadata, data }: Secret): readonly unknown[] => [metadata.uid, data ?? {}];
/** The proxies take a new password while they run, but a new user name only at their start. */
const userName = ({ metadata, data }: Secret): readonly unknown[] => [metadata.name, data?.["username"] ?? ""];

/** In the order of their names, so that the same Secret is told of in the same words. */
const publishKeyEntries = (secret: Secret | undefined): readonly PublishKeyEntry[] | undefined =>
  secret === undefined
    ? undefined
    : Object.entries(secret.data ?? {})
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, value]) => publishKeyEntry(id, Buffer.from(value, "base64").toString("utf8")));

const publishKeyEntry = (id: string, content: string): PublishKeyEntry => {
  const parsed = parseKeyFile(content);
  if (parsed.kind === "fault") return { id, fault: parsed.fault };
  const { expires } = parsed.key;
  return { id, ...(expires === undefined ? {} : { expires }) };
};

/** What a Secret that the spec names lacks. */
const lackOf = (secret: Secret | undefined, { field, name, keys }: SecretReference): readonly MissingSecret[] => {
  if (secret === undefined) return [{ field, name, keys, exists: false }];
  const present = Object.keys(secret.data ?? {});
  const lacks = keys.filter((key) => !present.includes(key));
  const complete = keys.length === 0 ? present.length > 0 : lacks.length === 0;
  return complete ? [] : [{ field, name, keys: lacks, exists: true }];
};
