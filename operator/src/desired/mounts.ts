/** Where a proxy container finds its files. Folders, never sub-paths: those are not refreshed when their source changes. */
export const proxyMounts = {
  coldConfig: "/etc/revenprox/config",
  liveConfig: "/etc/revenprox/config-live",
  publishKeys: "/etc/revenprox/publish-keys",
  managementTokens: "/etc/revenprox/management-tokens",
  natsCredentials: "/etc/revenprox/nats",
  natsAuthorities: "/etc/revenprox/nats-ca",
  natsCertificate: "/etc/revenprox/nats-tls",
  verifierHeaders: "/etc/revenprox/verifier-headers",
  verifierAuthorities: "/etc/revenprox/verifier-ca",
  verifierCertificate: "/etc/revenprox/verifier-tls",
  certificate: "/etc/revenprox/tls",
  tracingHeaders: "/etc/revenprox/tracing",
} as const;

/** Name of the TOML file in both configuration folders. */
export const configFile = "revenprox.toml";

/** Where a NATS container finds its files. */
export const natsMounts = { config: "/etc/nats", tls: "/etc/nats-tls", journal: "/data" } as const;
export const natsConfigFile = "nats-server.conf";
