import type { RevenProxSpec } from "@revenprox/contract/resource/spec";

/** A Secret of the user's that the proxies cannot start without. */
export interface SecretReference {
  /** Where the spec names it. */
  readonly field: string;
  readonly name: string;
  /** Entries that it must have; empty: any. */
  readonly keys: readonly string[];
}

export const tlsKeys = ["tls.crt", "tls.key"] as const;

export const secretReferences = ({ auth, tls }: RevenProxSpec): readonly SecretReference[] => {
  const { headersSecret, caSecret, clientSecret } = auth?.verifier ?? {};
  const all: readonly (readonly [string, string | undefined, readonly string[]])[] = [
    ["auth.publishKeysSecret", auth?.publishKeysSecret, []],
    ["auth.verifier.headersSecret", headersSecret, ["headers"]],
    ["auth.verifier.caSecret", caSecret, ["ca.crt"]],
    ["auth.verifier.clientSecret", clientSecret, tlsKeys],
    ["tls.secret", tls?.secret, tlsKeys],
  ];
  return all.flatMap(([field, name, keys]) => (name === undefined ? [] : [{ field: `spec.${field}`, name, keys }]));
};
