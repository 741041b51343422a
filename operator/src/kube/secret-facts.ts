import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { hasGeneratedTls } from "../desired/nats-plan.ts";
import { type SecretReference, secretReferences } from "../desired/secret-references.ts";
import type { ClusterFacts, MissingSecret, SecretFact } from "../reconcile/ports.ts";
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
  const [publishKey, managementTokens, natsUsers, natsTls, missing] = await Promise.all([
    spec.auth?.publishKeysSecret === undefined ? fact(known.publishKey) : absent,
    fact(known.managementTokens),
    spec.nats?.external === undefined ? fact(known.natsUsers) : absent,
    hasGeneratedTls(spec) ? certificates() : undefined,
    Promise.all(secretReferences(spec).map(async (each) => lackOf(await get(namespace, each.name), each))),
  ]);
  const natsCredentials = credentials === undefined ? undefined : await fact(credentials, userName);
  return { publishKey, managementTokens, natsUsers, natsTls, natsCredentials, missing: missing.flat() };
};

const absent: SecretFact = { exists: false };

const factOf = (secret: Secret | undefined, what: (secret: Secret) => readonly unknown[]): SecretFact =>
  secret === undefined ? absent : { exists: true, revision: contentHash(what(secret)) };

/** What a revision follows. */
const values = ({ metadata, data }: Secret): readonly unknown[] => [metadata.uid, data ?? {}];
/** The proxies take a new password while they run, but a new user name only at their start. */
const userName = ({ metadata, data }: Secret): readonly unknown[] => [metadata.name, data?.["username"] ?? ""];

/** What a Secret that the spec names lacks. */
const lackOf = (secret: Secret | undefined, { field, name, keys }: SecretReference): readonly MissingSecret[] => {
  if (secret === undefined) return [{ field, name, keys, exists: false }];
  const present = Object.keys(secret.data ?? {});
  const lacks = keys.filter((key) => !present.includes(key));
  const complete = keys.length === 0 ? present.length > 0 : lacks.length === 0;
  return complete ? [] : [{ field, name, keys: lacks, exists: true }];
};
