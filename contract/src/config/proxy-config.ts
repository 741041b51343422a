import { z } from "zod";
import { distributedStateSection } from "./distributed-state.ts";
import { httpSection } from "./http.ts";
import { journalSection } from "./journal.ts";
import { managementSection } from "./management.ts";
import { natsSection } from "./nats.ts";
import { processKeys } from "./process.ts";

/** Sections of the proxy's configuration by their camelCase names; the TOML name is the snake_case of it. */
export const sections = {
  http: httpSection,
  nats: natsSection,
  journal: journalSection,
  distributedState: distributedStateSection,
  management: managementSection,
};

/**
 * The whole configuration of a proxy, keys in camelCase.
 * The single source of types, bounds, defaults, documentation and of `spec.config` in the custom resource.
 */
export const proxyConfig = z.strictObject({ ...processKeys, ...sections }).check((context) => {
  const { journal, distributedState } = context.value;
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
export type ManagementConfig = ProxyConfig["management"];
