import { type ConfigKey, configKeys } from "@revenprox/contract/config/key-list";
import { toSnakeCase } from "@revenprox/contract/config/key-names";

/** Name of a key in a TOML file, its section before it: `http.max_connections`. */
export const tomlName = (key: ConfigKey): string =>
  [key.section, key.name]
    .filter((part) => part !== undefined)
    .map(toSnakeCase)
    .join(".");

/** Name of the environment variable that overrides a key: `REVENPROX_HTTP__MAX_CONNECTIONS`. */
export const environmentName = (key: ConfigKey): string =>
  `REVENPROX_${[key.section, key.name]
    .filter((part) => part !== undefined)
    .map((part) => toSnakeCase(part).toUpperCase())
    .join("__")}`;

/** Every key by its TOML name. */
export const keysByTomlName: ReadonlyMap<string, ConfigKey> = new Map(configKeys.map((key) => [tomlName(key), key]));

/** TOML names of the sections. */
export const sectionNames: ReadonlySet<string> = new Set(
  configKeys.flatMap(({ section }) => (section === undefined ? [] : [toSnakeCase(section)])),
);
