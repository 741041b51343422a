import { managedBy } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import type { ElectionTimes } from "./leader/election.ts";
import type { OperatorSettings } from "./reconcile/ports.ts";
import type { LogLevel } from "./telemetry/log.ts";
import type { TracingSettings } from "./telemetry/tracing.ts";

export interface Settings {
  readonly operator: OperatorSettings;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: "text" | "json";
  /** 0: any free port. */
  readonly port: number;
  /** Resources worked on at once. */
  readonly maxConcurrent: number;
  readonly fieldManager: string;
  /** Traces of the operator's own passes. */
  readonly tracing: TracingSettings;
  /** Undefined: this operator is the only one. */
  readonly election: ElectionSettings | undefined;
  /** Name of the pod, as the Lease and the audit log show it; undefined: the machine's. */
  readonly podName: string | undefined;
}

export interface ElectionSettings {
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly times: ElectionTimes;
}

/** Lists every environment variable that cannot be used. */
export class InvalidSettingsError extends Error {
  override readonly name = "InvalidSettingsError";
}

type Environment = Readonly<Record<string, string | undefined>>;
interface Rule {
  readonly allows: (value: string) => boolean;
  readonly hint: string;
}

const matching = (pattern: RegExp, hint: string): Rule => ({ allows: (value) => pattern.test(value), hint });
const integer = (min: number, max: number): Rule => ({
  allows: (value) => /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max,
  hint: `a whole number from ${min} to ${max}`,
});
const image = matching(/^[^\s@]+(@sha256:[0-9a-f]{64})?$/, "an image such as ghcr.io/owner/name:tag");
const namespaces = matching(
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(,|$))*$/,
  "namespaces with commas between, or empty for all",
);
const objectName = matching(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/, "a name of small letters, digits, - and .");
const url = matching(/^(https?:\/\/\S+)?$/, "an http or https URL");
const collector = matching(
  /^(https?:\/\/[^\s@?#]+)?$/,
  "an http or https URL without user name or query, or empty for no traces",
);
const share: Rule = {
  allows: (value) => /^\d(\.\d+)?$/.test(value) && Number(value) <= 1,
  hint: "a number from 0 to 1",
};
const level = matching(/^(debug|info|warn|error)$/, "debug, info, warn or error");
const format = matching(/^(text|json)$/, "text or json");

/** Value of a variable; one that is not allowed becomes a fault and an empty text. */
type Read = (name: string, rule: Rule, fallback?: string) => string;

const readElection = (read: Read, faults: string[]): ElectionSettings | undefined => {
  const seconds = (name: string, fallback: string) => Number(read(name, integer(1, 3_600), fallback)) * 1_000;
  const times: ElectionTimes = {
    leaseMs: seconds("LEASE_DURATION_SECONDS", "15"),
    renewDeadlineMs: seconds("LEASE_RENEW_DEADLINE_SECONDS", "10"),
    retryMs: seconds("LEASE_RETRY_SECONDS", "2"),
  };
  if (times.leaseMs <= times.renewDeadlineMs || times.renewDeadlineMs <= times.retryMs)
    faults.push(
      "LEASE_DURATION_SECONDS must be more than LEASE_RENEW_DEADLINE_SECONDS, that more than LEASE_RETRY_SECONDS",
    );
  const name = read("LEASE_NAME", objectName, "revenprox-operator");
  const namespace = read("LEASE_NAMESPACE", objectName, "");
  return namespace === "" ? undefined : { lease: { namespace, name }, times };
};

/** Reads the environment; throws InvalidSettingsError that names each bad variable and what it may be. */
export const readSettings = (environment: Environment = process.env): Settings => {
  const faults: string[] = [];
  const read: Read = (name, { allows, hint }, fallback) => {
    const value = environment[name] ?? fallback;
    if (value !== undefined && allows(value)) return value;
    faults.push(
      value === undefined
        ? `${name} is not set: it must be ${hint}`
        : `${name}=${JSON.stringify(value)} must be ${hint}`,
    );
    return "";
  };
  const namespace = read("POD_NAMESPACE", objectName, "");
  const settings: Settings = {
    operator: {
      proxyImage: read("PROXY_IMAGE", image),
      natsImage: read("NATS_IMAGE", image),
      runbookBaseUrl: read("RUNBOOK_BASE_URL", url, ""),
      ...(namespace === "" ? {} : { namespace }),
    },
    namespaces: read("WATCH_NAMESPACE", namespaces, "")
      .split(",")
      .filter((name) => name !== ""),
    logLevel: read("LOG_LEVEL", level, "info") as LogLevel,
    logFormat: read("LOG_FORMAT", format, "json") as "text" | "json",
    port: Number(read("PORT", integer(0, 65_535), String(ports.operator.number))),
    maxConcurrent: Number(read("MAX_CONCURRENT_RECONCILES", integer(1, 999), "8")),
    fieldManager: managedBy,
    tracing: {
      endpoint: read("TRACING_ENDPOINT", collector, "") || undefined,
      ratio: Number(read("TRACING_RATIO", share, "1")),
    },
    election: readElection(read, faults),
    podName: read("POD_NAME", objectName, "") || undefined,
  };
  if (faults.length > 0)
    throw new InvalidSettingsError(
      `The environment cannot be used:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
    );
  return settings;
};
