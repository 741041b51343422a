import { type ConfigKey, configKeys } from "@revenprox/contract/config/key-list";
import { type ProxyConfig, proxyConfig } from "@revenprox/contract/config/proxy-config";
import { type ConfigFault, keyName } from "./fault.ts";
import { tomlName } from "./known-keys.ts";
import type { LoadedConfig } from "./load-config.ts";
import { isTable, type Table } from "./table.ts";

/** The configuration in force. Only keys noted as live ever differ from those of the start. */
export interface LiveConfig {
  current(): ProxyConfig;
  /** Keys, named as in a TOML file, that differ from what was read last and wait for a restart. */
  pendingRestart(): readonly string[];
  /** Calls `listener` after every change; the returned function ends that. */
  onChange(listener: (config: ProxyConfig) => void): () => void;
}

/** What came of reading the configuration anew; names are those of the TOML file. */
export type Reloaded =
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly faults: readonly ConfigFault[] }
  | { readonly kind: "applied"; readonly changed: readonly string[]; readonly needRestart: readonly string[] };

const settingOf = (config: Table, key: ConfigKey): unknown => {
  const holder = key.section === undefined ? config : config[key.section];
  return isTable(holder) ? holder[key.name] : undefined;
};

const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

const changedKeys = (before: Table, after: Table, reload: ConfigKey["reload"]): readonly ConfigKey[] =>
  configKeys.filter((key) => key.reload === reload && differ(settingOf(before, key), settingOf(after, key)));

/** `running` with the given keys as in `loaded`. */
const takeOver = (running: Table, loaded: Table, keys: readonly ConfigKey[]) => {
  const tree: Record<string, unknown> = { ...running };
  for (const key of keys) {
    const value = settingOf(loaded, key);
    if (key.section === undefined) tree[key.name] = value;
    else tree[key.section] = { ...(tree[key.section] ?? {}), [key.name]: value };
  }
  return proxyConfig.safeParse(tree);
};

/** What is read anew is right as a whole, but not beside the keys that wait for a restart. */
const clash = ({ path, message }: { readonly path: PropertyKey[]; readonly message: string }): ConfigFault => ({
  where: keyName(path),
  message: `${message}; keys that it goes together with take effect only after a restart`,
});

/** Holds the configuration in force and takes over live keys. */
export class LiveConfigHolder implements LiveConfig {
  readonly #listeners = new Set<(config: ProxyConfig) => void>();
  #config: ProxyConfig;
  #pendingRestart: readonly string[] = [];

  constructor(config: ProxyConfig) {
    this.#config = config;
  }

  current(): ProxyConfig {
    return this.#config;
  }

  pendingRestart(): readonly string[] {
    return this.#pendingRestart;
  }

  onChange(listener: (config: ProxyConfig) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes over the live keys of what was read anew; a faulty configuration changes nothing. */
  reload(loaded: LoadedConfig): Reloaded {
    if (loaded.kind === "faults") return { kind: "refused", faults: loaded.faults };
    const changed = changedKeys(this.#config, loaded.config, "live");
    const needRestart = changedKeys(this.#config, loaded.config, "restart");
    this.#pendingRestart = needRestart.map(tomlName);
    if (changed.length === 0 && needRestart.length === 0) return { kind: "unchanged" };
    if (changed.length > 0) {
      const taken = takeOver(this.#config, loaded.config, changed);
      if (!taken.success) return { kind: "refused", faults: taken.error.issues.map(clash) };
      this.#config = taken.data;
      for (const listener of this.#listeners) listener(this.#config);
    }
    return { kind: "applied", changed: changed.map(tomlName), needRestart: this.#pendingRestart };
  }
}
