import { configKeys } from "@revenprox/contract/config/key-list";
import { toSnakeCase } from "@revenprox/contract/config/key-names";
import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { masked } from "./masking.ts";
import { isTable, type Table } from "./table.ts";

const shown = (name: string, value: unknown): unknown => (value === undefined ? null : masked(name, value));

/** The configuration with the names of a TOML file, every key there: null where nothing is set, secrets and paths masked. */
export const configView = (config: ProxyConfig): Record<string, unknown> => {
  const view: Record<string, unknown> = {};
  const whole: Table = config;
  for (const { section, name } of configKeys) {
    if (section === undefined) {
      view[toSnakeCase(name)] = shown(name, whole[name]);
      continue;
    }
    const holder = whole[section];
    const table = (view[toSnakeCase(section)] ?? {}) as Record<string, unknown>;
    table[toSnakeCase(name)] = shown(name, isTable(holder) ? holder[name] : undefined);
    view[toSnakeCase(section)] = table;
  }
  return view;
};
