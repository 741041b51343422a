import type { HttpConfig } from "@revenprox/contract/config/proxy-config";
import type { Log } from "../hub/ports.ts";
import { type AddressRange, inRange, parseRange } from "./address-range.ts";
import { type ClientAddress, clientAddress, type RequestOrigin } from "./client-address.ts";
import { clientOf, ipText, parseIp } from "./ip-address.ts";
import { RateLimiter } from "./rate-limiter.ts";

type AdmissionSettings = Pick<HttpConfig, "rateLimitPerIp" | "rateLimitWindowSec" | "trustedProxies">;

export interface AdmissionParts {
  readonly settings: () => AdmissionSettings;
  /** What keeps new streams out, in words. */
  readonly fullOf: () => string | undefined;
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  readonly log: Log;
  /** A request of the client was taken and counted. */
  readonly onTaken?: ((client: string) => void) | undefined;
}

/** Why a request is not taken; the code is one of the error catalogue. */
export type AdmissionRefusal =
  | { readonly code: "rate_limited"; readonly detail: string; readonly retryAfterSec: number }
  | { readonly code: "capacity" | "proxy_protocol_untrusted"; readonly detail: string };

const rememberedClients = 100_000;

/** Decides before anything else is looked at whether a new stream or a publish is taken. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #requests: RateLimiter;
  #proxies: { readonly from: readonly string[]; readonly ranges: readonly AddressRange[] } = { from: [], ranges: [] };

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    const { now, settings, onTaken } = parts;
    this.#requests = new RateLimiter({
      now,
      onTaken,
      remembered: rememberedClients,
      rate: () => {
        const { rateLimitPerIp, rateLimitWindowSec } = settings();
        return rateLimitPerIp === 0 ? undefined : { limit: rateLimitPerIp, windowMs: rateLimitWindowSec * 1_000 };
      },
    });
  }

  /** Undefined: the request is taken, and counted. */
  refusal(kind: "stream" | "publish", origin: RequestOrigin): AdmissionRefusal | undefined {
    const refused = this.#clientMatters(origin) ? this.#refusalOf(origin) : undefined;
    if (refused !== undefined) return refused;
    const full = kind === "stream" ? this.#parts.fullOf() : undefined;
    return full === undefined ? undefined : { code: "capacity", detail: full };
  }

  /** Another event loop has taken a request of this client, as `onTaken` told it there. */
  takenElsewhere(client: string): void {
    this.#requests.takenElsewhere(client);
  }

  /** Whether what this peer says of those before it is believed. */
  trusts(peer: string): boolean {
    const ranges = this.#trusted();
    const address = ranges.length === 0 ? undefined : parseIp(peer);
    return address !== undefined && ranges.some((range) => inRange(address, range));
  }

  /** The client that a request counts for, as text; "" when it cannot be told. */
  clientName(origin: RequestOrigin): string {
    const client = clientAddress(origin, this.#trusted());
    return client.kind === "address" ? clientOf(client.address) : "";
  }

  /** Nothing is counted by client, and nothing is said of it that not everybody may say. */
  #clientMatters({ proxied }: RequestOrigin): boolean {
    return this.#parts.settings().rateLimitPerIp > 0 || proxied !== undefined;
  }

  #refusalOf(origin: RequestOrigin): AdmissionRefusal | undefined {
    const client = clientAddress(origin, this.#trusted());
    if (client.kind === "refused")
      return { code: "proxy_protocol_untrusted", detail: "the peer is not one of http.trusted_proxies" };
    return this.#limited(client);
  }

  #limited(client: ClientAddress): AdmissionRefusal | undefined {
    if (client.kind !== "address") return undefined;
    const counted = clientOf(client.address);
    const waitMs = this.#requests.take(counted);
    if (waitMs === undefined) return undefined;
    // The log itself sees to it that a flood of these is no flood of lines.
    this.#parts.log.warn(`Rate limit exceeded for IP ${ipText(client.address)}`);
    const { rateLimitPerIp, rateLimitWindowSec } = this.#parts.settings();
    return {
      code: "rate_limited",
      detail: `one address may ask for ${rateLimitPerIp} streams and publishes in ${rateLimitWindowSec} s`,
      retryAfterSec: Math.ceil(waitMs / 1_000),
    };
  }

  /** Parsed once for each change of the configuration. */
  #trusted(): readonly AddressRange[] {
    const { trustedProxies } = this.#parts.settings();
    if (this.#proxies.from !== trustedProxies) {
      const ranges = trustedProxies.flatMap((text) => parseRange(text) ?? []);
      this.#proxies = { from: trustedProxies, ranges };
    }
    return this.#proxies.ranges;
  }
}
