import type { HttpConfig } from "@revenprox/contract/config/proxy-config";
import { isLoopback } from "../http/origin-rule.ts";
import type { ListenAddress } from "./exchange.ts";

/** Who may publish, and where the data plane may listen therefore. */
export interface AccessRule {
  readonly kind: "credentials" | "open" | "foreign-pages-refused";
  readonly address: ListenAddress;
  /** The configured host was replaced, since anybody could have published there. */
  readonly hostReplaced: boolean;
}

/** With neither publish keys nor a verifier and without `allow_unauthenticated` only this machine may publish, so only it is listened to. */
export const accessRule = (
  http: Pick<HttpConfig, "publishKeysDir" | "allowUnauthenticated"> & { readonly verified: boolean },
  address: ListenAddress,
): AccessRule => {
  if (http.publishKeysDir !== undefined || http.verified) return { kind: "credentials", address, hostReplaced: false };
  if (http.allowUnauthenticated) return { kind: "open", address, hostReplaced: false };
  const hostReplaced = !isLoopback(address.host);
  return {
    kind: "foreign-pages-refused",
    address: hostReplaced ? { ...address, host: "127.0.0.1" } : address,
    hostReplaced,
  };
};
