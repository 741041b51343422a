import { type ConfigKey, configKeys } from "@revenprox/contract/config/key-list";
import { toSnakeCase } from "@revenprox/contract/config/key-names";
import { natsUsers } from "@revenprox/contract/nats-subjects";
import { ports } from "@revenprox/contract/ports";
import { stringify } from "smol-toml";
import type { Instance } from "./instance.ts";
import { proxyMounts } from "./mounts.ts";

type Table = Readonly<Record<string, unknown>>;

/** `spec.config` as TOML: `cold` takes effect at the start of a pod, `live` while it runs. */
export interface ProxyToml {
  readonly cold: string;
  readonly live: string;
}

const anyHost = (port: number): string => `0.0.0.0:${port}`;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a table of the config says under a key; undefined when it says nothing. */
export const valueAt = (config: Table, { section, name }: ConfigKey): unknown => {
  const table = section === undefined ? config : config[section];
  return isTable(table) ? table[name] : undefined;
};

/** Address of the managed NATS; the search path of a pod adds the cluster's domain, whatever it is. */
export const managedNatsUrl = ({ names, namespace, nats }: Instance): string => {
  const scheme = nats.kind === "managed" && nats.tls ? "tls" : "nats";
  return `${scheme}://${names.nats}.${namespace}.svc:${ports.natsClient.number}`;
};

const natsKeys = (instance: Instance): Table => {
  const { nats, natsInstance } = instance;
  const passwordFile = `${proxyMounts.natsCredentials}/password`;
  const authorities = { tlsCaFile: `${proxyMounts.natsAuthorities}/ca.crt` };
  if (nats.kind === "managed") {
    return {
      servers: [managedNatsUrl(instance)],
      instance: natsInstance,
      user: natsUsers.proxy,
      passwordFile,
      ...(nats.tls ? authorities : {}),
    };
  }
  return {
    servers: nats.servers,
    instance: natsInstance,
    ...(nats.credentialsSecret === undefined ? {} : { passwordFile }),
    ...(nats.caSecret === undefined ? {} : authorities),
    ...(nats.clientSecret === undefined
      ? {}
      : {
          tlsCertFile: `${proxyMounts.natsCertificate}/tls.crt`,
          tlsKeyFile: `${proxyMounts.natsCertificate}/tls.key`,
        }),
  };
};

const journalKeys = ({ nats, journal, config }: Instance): Table =>
  config.journal.enabled
    ? {
        ...(nats.kind === "managed" ? { replicas: nats.replicas } : {}),
        ...(journal.maxBytes === undefined ? {} : { maxBytes: journal.maxBytes }),
      }
    : {};

const tracingKeys = ({ revenprox }: Instance): Table => {
  const { headersSecret, ...keys } = revenprox.spec.tracing ?? {};
  return headersSecret === undefined ? keys : { ...keys, headersFile: `${proxyMounts.tracingHeaders}/headers` };
};

/** Where `spec.rollout` says it; else the user's own keys count. */
const drainKeys = ({ revenprox, pace }: Instance): Table => {
  const { drainWindowSeconds, streamsPerSecond } = revenprox.spec.rollout ?? {};
  return {
    ...(drainWindowSeconds === undefined ? {} : { shutdownGracePeriodSec: pace.windowSec }),
    ...(streamsPerSecond === undefined ? {} : { drainRatePerSec: pace.perPod }),
  };
};

const httpKeys = (instance: Instance): Table => ({
  bindAddress: anyHost(ports.http.number),
  publishKeysDir: proxyMounts.publishKeys,
  ...drainKeys(instance),
  ...(instance.revenprox.spec.tls === undefined
    ? {}
    : { tlsCertFile: `${proxyMounts.certificate}/tls.crt`, tlsKeyFile: `${proxyMounts.certificate}/tls.key` }),
});

const verifierKeys = ({ revenprox }: Instance): Table => {
  const { headersSecret, caSecret, clientSecret } = revenprox.spec.auth?.verifier ?? {};
  return {
    ...(headersSecret === undefined ? {} : { webhookHeadersFile: `${proxyMounts.verifierHeaders}/headers` }),
    ...(caSecret === undefined ? {} : { webhookCaFile: `${proxyMounts.verifierAuthorities}/ca.crt` }),
    ...(clientSecret === undefined
      ? {}
      : {
          webhookClientCertFile: `${proxyMounts.verifierCertificate}/tls.crt`,
          webhookClientKeyFile: `${proxyMounts.verifierCertificate}/tls.key`,
        }),
  };
};

/** What the operator sets, whatever the user wrote. Nothing in it may change with the operator's version alone. */
const operatorKeys = (instance: Instance): Table => ({
  http: httpKeys(instance),
  jwtVerifier: verifierKeys(instance),
  nats: natsKeys(instance),
  journal: journalKeys(instance),
  tracing: tracingKeys(instance),
  management: {
    bindAddress: anyHost(ports.management.number),
    readTokenFile: `${proxyMounts.managementTokens}/read`,
    adminTokenFile: `${proxyMounts.managementTokens}/admin`,
  },
});

/** What differs from the proxy's own defaults in a cluster, where logs are collected by programs. */
const clusterDefaults: Table = { logFormat: "json" };

/** Only keys that are set: the others keep the defaults of the proxy's own version. */
const tomlOf = (keys: readonly ConfigKey[], sources: readonly Table[]): string => {
  const top: Record<string, unknown> = {};
  const sections: Record<string, Record<string, unknown>> = {};
  for (const key of keys) {
    const value = sources.map((source) => valueAt(source, key)).find((found) => found !== undefined);
    if (value === undefined) continue;
    const tomlKey = toSnakeCase(key.name);
    if (key.section === undefined) top[tomlKey] = value;
    else sections[toSnakeCase(key.section)] = { ...sections[toSnakeCase(key.section)], [tomlKey]: value };
  }
  return stringify({ ...top, ...sections }).trimStart();
};

/** Keys come in the order of the documentation, so the order in which a user wrote them changes nothing. */
export const proxyToml = (instance: Instance): ProxyToml => {
  const sources = [operatorKeys(instance), instance.revenprox.spec.config ?? {}, clusterDefaults];
  const keysWith = (reload: "live" | "restart"): ConfigKey[] => configKeys.filter((key) => key.reload === reload);
  return { cold: tomlOf(keysWith("restart"), sources), live: tomlOf(keysWith("live"), sources) };
};
