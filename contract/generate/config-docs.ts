import { z } from "zod";
import { type ConfigKey, configKeys } from "../src/config/key-list.ts";
import { toSnakeCase } from "../src/config/key-names.ts";
import { sections } from "../src/config/proxy-config.ts";
import { replacedKeys } from "../src/config/replaced-keys.ts";
import { page, table } from "./markdown.ts";

type Json = {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  default?: unknown;
  items?: Json;
};

const kindOf = (json: Json): string => {
  if (json.enum !== undefined) return json.enum.map((value) => `\`${value}\``).join(", ");
  if (json.minimum !== undefined)
    return `${json.type} ${json.minimum.toLocaleString("en")}–${json.maximum?.toLocaleString("en")}`;
  return json.items === undefined ? (json.type ?? "") : `list of ${json.items.type}`;
};

const row = (key: ConfigKey): string[] => {
  const json = z.toJSONSchema(key.schema, { io: "input" }) as Json;
  const fallback = json.default === undefined ? "" : `\`${JSON.stringify(json.default)}\``;
  const change = key.reload === "live" ? "at once" : "at restart";
  const where = key.owner === "user" ? "`spec.config`" : "operator";
  return [`\`${toSnakeCase(key.name)}\``, kindOf(json), fallback, change, where, key.schema.description ?? ""];
};

const section = (name: string | undefined, description: string): string =>
  [
    name === undefined ? "## Top level" : `## \`[${toSnakeCase(name)}]\``,
    description,
    table(
      ["Key", "Type and range", "Default", "A change takes effect", "Set in", "Meaning"],
      configKeys.filter((key) => key.section === name).map(row),
    ),
  ].join("\n\n");

const replaced = (): string =>
  [
    "## Keys of RevenProx that are replaced",
    "A proxy that finds one of these keys refuses to start and says what there is instead.",
    table(
      ["Key", "Instead"],
      replacedKeys.map(({ name, instead }) => [`\`${name}\``, instead]),
    ),
  ].join("\n\n");

/** `docs/configuration.md`: every key of the proxy's TOML file. */
export const configDocs = (): string =>
  page("contract/src/config", "Configuration of a proxy", [
    "A proxy reads TOML files (`--config FILE`, may be given several times) and then the environment: `REVENPROX_HTTP__MAX_CONNECTIONS=5000` sets `max_connections` in `[http]`, `REVENPROX_LOG_LEVEL=debug` sets `log_level`. In a RevenProx resource the same keys stand in camelCase under `spec.config`: `spec.config.http.maxConnections`.",
    "An unknown key, a wrong type or a value out of range is refused: the process lists every fault with its file and line, and exits with code 2. `--check-config` does only that. Keys whose change takes effect at once are read again when a file changes and on SIGHUP; a file with a fault leaves the running settings as they are and says so in the log.",
    "Keys marked *operator* are set by the operator when the proxy runs in Kubernetes.",
    section(undefined, "Who this process is and what it says."),
    ...Object.entries(sections).map(([name, schema]) => section(name, schema.description ?? "")),
    replaced(),
  ]);
