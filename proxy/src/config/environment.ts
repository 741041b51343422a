import { configKeys } from "@revenprox/contract/config/key-list";
import { valueType } from "@revenprox/contract/config/value-type";
import type { ConfigFault } from "./fault.ts";
import { environmentName, replacementOf, tomlName } from "./known-keys.ts";
import type { Environment } from "./process-environment.ts";
import type { Setting } from "./setting.ts";
import { nearest } from "./suggestion.ts";
import type { Findings } from "./toml-file.ts";

const prefix = "REVENPROX_";

/** Kubernetes tells pods about a Service named `revenprox…` by such variables; they are not meant for us. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

const keysByVariable = new Map(configKeys.map((key) => [environmentName(key), key]));

/** The value in the type of its key; text that does not fit is kept for the schema to refuse. */
const typed = (text: string, kind: ReturnType<typeof valueType>["kind"]): unknown => {
  switch (kind) {
    case "integer":
      return /^[+-]?\d+$/.test(text.trim()) ? Number(text) : text;
    case "number":
      return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "choice":
    case "text":
      return text;
  }
};

/** TOML name that a variable would set: `nng.pub_buffer_size` for `REVENPROX_NNG__PUB_BUFFER_SIZE`. */
const nameOf = (variable: string): string => variable.slice(prefix.length).toLowerCase().replace("__", ".");

const unknown = (variable: string): string => {
  const meant = nearest(variable, [...keysByVariable.keys()]);
  return `no such setting${meant === undefined ? "; variables are named REVENPROX_SECTION__KEY" : `; did you mean ${meant}?`}`;
};

/** Settings from `REVENPROX_SECTION__KEY` variables; lists are comma-separated. An unknown variable is a fault. */
export const readEnvironment = (environment: Environment): Findings => {
  const settings: Setting[] = [];
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(prefix) || serviceLink.test(variable)) continue;
    const key = keysByVariable.get(variable);
    if (key !== undefined) {
      settings.push({ name: tomlName(key), value: typed(text, valueType(key.schema).kind), where: variable });
      continue;
    }
    faults.push({ where: variable, message: replacementOf(nameOf(variable)) ?? unknown(variable) });
  }
  return { settings, faults };
};
