import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { LiveConfig } from "./live-config.ts";

/** The configuration of an event loop, as its supervisor tells it: that one has read and checked it. */
export class ReceivedConfig implements LiveConfig {
  readonly #listeners = new Set<(config: ProxyConfig) => void>();
  #config: ProxyConfig;

  constructor(config: ProxyConfig) {
    this.#config = config;
  }

  current(): ProxyConfig {
    return this.#config;
  }

  /** The supervisor knows. */
  pendingRestart(): readonly string[] {
    return [];
  }

  onChange(listener: (config: ProxyConfig) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replace(config: ProxyConfig): void {
    this.#config = config;
    for (const listener of this.#listeners) listener(config);
  }
}
