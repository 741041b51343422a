import { type ProxyConfig, proxyConfig } from "@revenprox/contract/config/proxy-config";
import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { WantedJournal } from "./journal-size.ts";

/** `spec.config` breaks the contract although the API server took it (a resource older than the present schema). */
export class InvalidConfigError extends Error {
  override readonly name = "InvalidConfigError";
}

export interface EffectiveConfig {
  /** With the contract's defaults. */
  readonly effective: ProxyConfig;
  /** What the user set, where that differs from a default of the same value. */
  readonly set: { readonly journal: WantedJournal };
}

export const effectiveConfig = (config: RevenProxSpec["config"]): EffectiveConfig => {
  // Its address is not the user's to give, but that there is one decides what else may be asked for.
  const parsed = proxyConfig.safeParse({
    ...config,
    nats: { servers: ["nats://nats:4222"], ...(config?.["nats"] as object | undefined) },
  });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `spec.config.${issue.path.join(".")}: ${issue.message}`);
    throw new InvalidConfigError(`${faults.join("; ")}`, { cause: parsed.error });
  }
  const journal = config?.["journal"] as WantedJournal | undefined;
  return { effective: parsed.data, set: { journal: journal ?? {} } };
};
