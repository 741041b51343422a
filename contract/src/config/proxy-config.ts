import { z } from "zod";
import { distributedStateSection } from "./distributed-state.ts";
import { httpSection } from "./http.ts";
import { journalSection } from "./journal.ts";
import { jwtVerifierSection, verifierFaults } from "./jwt-verifier.ts";
import { limitsSection } from "./limits.ts";
import { managementSection } from "./management.ts";
import { natsSection } from "./nats.ts";
import { processKeys } from "./process.ts";
import { tracingSection } from "./tracing.ts";

/** Sections of the proxy's configuration by their camelCase names; the TOML name is the snake_case of it. */
export const sections = {
  http: httpSection,
  jwtVerifier: jwtVerifierSection,
  nats: natsSection,
  journal: journalSection,
  distributedState: distributedStateSection,
  limits: limitsSection,
  management: managementSection,
  tracing: tracingSection,
};

type HttpFault = readonly [key: "threadPoolSize" | "backpressurePolicy", message: string];

/** What HTTP is asked for that the bus behind it cannot give. */
const busFaults = (config: {
  readonly http: z.output<typeof httpSection>;
  readonly nats: z.output<typeof natsSection>;
  readonly journal: z.output<typeof journalSection>;
}): readonly HttpFault[] => {
  const { http, nats, journal } = config;
  const faults: HttpFault[] = [];
  if (http.threadPoolSize > 1 && nats.servers.length === 0)
    faults.push([
      "threadPoolSize",
      "needs nats.servers: event loops meet at NATS, and without it the journal lies in the memory of one of them; set 1",
    ]);
  if (!journal.enabled && http.backpressurePolicy === "block")
    faults.push([
      "backpressurePolicy",
      "block needs the journal, and journal.enabled is false; set drop_oldest or drop_newest, or leave it out",
    ]);
  return faults;
};

/**
 * The whole configuration of a proxy, keys in camelCase.
 * The single source of types, bounds, defaults, documentation and of `spec.config` in the custom resource.
 */
export const proxyConfig = z.strictObject({ ...processKeys, ...sections }).check((context) => {
  const { http, journal, distributedState, jwtVerifier } = context.value;
  for (const [key, message] of verifierFaults(jwtVerifier))
    context.issues.push({ code: "custom", message, path: ["jwtVerifier", key], input: jwtVerifier[key] });
  for (const section of ["http", "management", "nats"] as const) {
    const { tlsCertFile, tlsKeyFile } = context.value[section];
    if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) continue;
    const [set, missing] =
      tlsCertFile === undefined ? ["tlsKeyFile", "tls_cert_file"] : ["tlsCertFile", "tls_key_file"];
    context.issues.push({
      code: "custom",
      message: `needs ${missing} beside it`,
      path: [section, set],
      input: tlsCertFile ?? tlsKeyFile,
    });
  }
  for (const [key, message] of busFaults(context.value))
    context.issues.push({ code: "custom", message, path: ["http", key], input: http[key] });
  if (journal.duplicateWindowSec > journal.maxAgeSec) {
    context.issues.push({
      code: "custom",
      message: `must be at most max_age_sec (${journal.maxAgeSec})`,
      path: ["journal", "duplicateWindowSec"],
      input: journal.duplicateWindowSec,
    });
  }
  if (distributedState.peerTimeoutSec < 2 * distributedState.gossipIntervalSec) {
    context.issues.push({
      code: "custom",
      message: `must be at least twice gossip_interval_sec (${distributedState.gossipIntervalSec})`,
      path: ["distributedState", "peerTimeoutSec"],
      input: distributedState.peerTimeoutSec,
    });
  }
});

export type ProxyConfig = z.output<typeof proxyConfig>;
export type HttpConfig = ProxyConfig["http"];
export type NatsConfig = ProxyConfig["nats"];
export type JournalConfig = ProxyConfig["journal"];
export type DistributedStateConfig = ProxyConfig["distributedState"];
export type LimitsConfig = ProxyConfig["limits"];
export type ManagementConfig = ProxyConfig["management"];
export type TracingConfig = ProxyConfig["tracing"];
