import { type ConfigKey, configKeys } from "@revenprox/contract/config/key-list";
import { toSnakeCase } from "@revenprox/contract/config/key-names";
import { replacedKeys } from "@revenprox/contract/config/replaced-keys";

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

/** Sections that only keys of RevenProx that are replaced belong to. */
export const replacedSections: ReadonlySet<string> = new Set(
  replacedKeys.map(({ name }) => name.slice(0, name.indexOf("."))).filter((section) => !sectionNames.has(section)),
);

const replacements = new Map(replacedKeys.map(({ name, instead }) => [name, instead]));

/** What there is instead of a key of RevenProx by its TOML name; undefined for every other name. */
export const replacementOf = (name: string): string | undefined => {
  const instead = replacements.get(name);
  return instead === undefined ? undefined : `${name} is a key of RevenProx that is replaced: ${instead}`;
};
