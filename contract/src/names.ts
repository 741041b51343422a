/** Longest name of a RevenProx: the longest child name still fits a DNS label. */
export const maxInstanceNameLength = 40;

/** Names of the objects that belong to the RevenProx `instance`, all in its namespace. */
export const names = (instance: string) => ({
  proxy: instance,
  /** Mounted and read anew while the proxies run. */
  liveConfig: `${instance}-config-live`,
  /** Immutable; `hash` is the hash of its content. */
  coldConfig: (hash: string) => `${instance}-config-${hash}`,
  /** Key `default`: the generated publish key. Every entry is a key: its name the id, its value the secret. */
  publishKey: `${instance}-publish-key`,
  /** Keys `read` and `admin`. */
  managementTokens: `${instance}-management-tokens`,
  /** Keys `proxy`, `publisher` and `admin`: passwords of the NATS users of the same names. */
  natsUsers: `${instance}-nats-users`,
  nats: `${instance}-nats`,
  natsHeadless: `${instance}-nats-headless`,
  natsConfig: `${instance}-nats-config`,
  /** Keys `tls.crt` and `tls.key` of the generated CA, and those of the one before it; nobody mounts it. */
  natsAuthority: `${instance}-nats-ca`,
  /** Keys `tls.crt` and `tls.key` of the NATS servers, `ca.crt`: who may vouch for them. */
  natsTls: `${instance}-nats-tls`,
  serviceMonitor: instance,
  prometheusRule: instance,
  dashboards: `${instance}-dashboards`,
});
