import { type ProxyConfig, proxyConfig } from "@revenprox/contract/config/proxy-config";
import { readEnvironment } from "./environment.ts";
import { type ConfigFault, keyName } from "./fault.ts";
import { issueFault, type SchemaIssue } from "./issue-fault.ts";
import { keysByTomlName } from "./known-keys.ts";
import type { Environment } from "./process-environment.ts";
import type { Setting } from "./setting.ts";
import { type Findings, readToml } from "./toml-file.ts";

/** A config file as read. */
export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

/** Where configuration comes from; the environment wins over files. */
export interface ConfigSources {
  readonly files: readonly ConfigText[];
  readonly environment: Environment;
}

export type LoadedConfig =
  | { readonly kind: "config"; readonly config: ProxyConfig }
  | { readonly kind: "faults"; readonly faults: readonly ConfigFault[] };

/** Files add up; the same key in two of them is a fault, since one of the two authors would be wrong about it. */
const mergeFiles = (files: readonly Findings[]): { settings: Map<string, Setting>; faults: ConfigFault[] } => {
  const settings = new Map<string, Setting>();
  const faults = files.flatMap((file) => file.faults);
  for (const setting of files.flatMap((file) => file.settings)) {
    const first = settings.get(setting.name);
    if (first === undefined) settings.set(setting.name, setting);
    else faults.push({ where: setting.where, message: `${setting.name} is already set at ${first.where}` });
  }
  return { settings, faults };
};

const nested = (settings: Iterable<Setting>): Record<string, unknown> => {
  const tree: Record<string, unknown> = {};
  const sections: Record<string, Record<string, unknown>> = {};
  for (const { name, value } of settings) {
    const key = keysByTomlName.get(name);
    if (key === undefined) continue;
    if (key.section === undefined) {
      tree[key.name] = value;
      continue;
    }
    const section = sections[key.section] ?? {};
    section[key.name] = value;
    sections[key.section] = section;
  }
  return { ...tree, ...sections };
};

type Issues = readonly SchemaIssue[];

/**
 * Issues of the values, and those between keys. The schema looks at the latter only where all values can be used, so
 * they are asked for again without those that cannot; a section with such a value is left out, for it would be judged
 * by values that nobody set.
 */
const issuesOf = (settings: ReadonlyMap<string, Setting>, first: Issues): Issues => {
  const unusable = new Set(first.map(({ path }) => keyName(path.filter((part) => typeof part !== "number"))));
  const sections = new Set(first.map(({ path }) => path[0]));
  const rest = [...settings.values()].filter(({ name }) => !unusable.has(name));
  const again = proxyConfig.safeParse(nested(rest));
  const between = again.success ? [] : again.error.issues.filter(({ path }) => !sections.has(path[0] ?? ""));
  return [...first, ...between];
};

/** The configuration that the sources add up to, or every fault in them. */
export const loadConfig = ({ files, environment }: ConfigSources): LoadedConfig => {
  const merged = mergeFiles(files.map(({ file, text }) => readToml(file, text)));
  const overrides = readEnvironment(environment);
  const settings = new Map(merged.settings);
  for (const setting of overrides.settings) settings.set(setting.name, setting);
  const parsed = proxyConfig.safeParse(nested(settings.values()));
  const issues = parsed.success
    ? []
    : issuesOf(settings, parsed.error.issues).map((issue) => issueFault(issue, settings));
  const faults = [...merged.faults, ...overrides.faults, ...issues];
  return parsed.success && faults.length === 0 ? { kind: "config", config: parsed.data } : { kind: "faults", faults };
};
