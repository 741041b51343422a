import type { RevenProxSpec } from "@revenprox/contract/resource/spec";

/** A Secret of the user's that the proxies cannot start, or get ready, without. */
export interface SecretReference {
  /** Where the spec names it. */
  readonly field: string;
  readonly name: string;
  /** Entries that it must have; empty: any. */
  readonly keys: readonly string[];
}

type Verifier = NonNullable<NonNullable<RevenProxSpec["auth"]>["verifier"]>;
type External = NonNullable<NonNullable<RevenProxSpec["nats"]>["external"]>;
type Reference = readonly [field: string, name: string | undefined, keys: readonly string[]];

export const tlsKeys = ["tls.crt", "tls.key"] as const;
const credentialKeys = ["username", "password"] as const;

const ofVerifier = ({ headersSecret, caSecret, clientSecret }: Verifier = {}): readonly Reference[] => [
  ["auth.verifier.headersSecret", headersSecret, ["headers"]],
  ["auth.verifier.caSecret", caSecret, ["ca.crt"]],
  ["auth.verifier.clientSecret", clientSecret, tlsKeys],
];

const ofExternalNats = (external: External | undefined): readonly Reference[] => [
  ["nats.external.credentialsSecret", external?.credentialsSecret, credentialKeys],
  ["nats.external.tls.caSecret", external?.tls?.caSecret, ["ca.crt"]],
  ["nats.external.tls.clientSecret", external?.tls?.clientSecret, tlsKeys],
];

export const secretReferences = ({ auth, tls, nats, pod }: RevenProxSpec): readonly SecretReference[] => {
  const all: readonly Reference[] = [
    ["auth.publishKeysSecret", auth?.publishKeysSecret, []],
    ...ofVerifier(auth?.verifier),
    ["tls.secret", tls?.secret, tlsKeys],
    ...ofExternalNats(nats?.external),
    ...(pod?.env ?? []).map(
      ({ name, secret }): Reference => [
        `pod.env[${name}].secret`,
        secret?.name,
        secret === undefined ? [] : [secret.key],
      ],
    ),
  ];
  return all.flatMap(([field, name, keys]) => (name === undefined ? [] : [{ field: `spec.${field}`, name, keys }]));
};
