import { natsUsers } from "@revenprox/contract/nats-subjects";
import type { Instance } from "./instance.ts";
import { proxyMounts } from "./mounts.ts";
import { secretFileMode } from "./pod-security.ts";
import { tlsKeys } from "./secret-references.ts";

interface Volume {
  readonly name: string;
  readonly mountPath: string;
  readonly source: Readonly<Record<string, unknown>>;
}

const secret = (secretName: string, more: Readonly<Record<string, unknown>> = {}) => ({
  secret: { secretName, defaultMode: secretFileMode, ...more },
});

const natsVolumes = ({ nats, names }: Instance): readonly Volume[] => {
  const volume = { name: "nats-credentials", mountPath: proxyMounts.natsCredentials };
  if (nats.kind === "managed") {
    const password = secret(names.natsUsers, { items: [{ key: natsUsers.proxy, path: "password" }] });
    const authorities = secret(names.natsTls, { items: [{ key: "ca.crt", path: "ca.crt" }] });
    return [
      { ...volume, source: password },
      ...(nats.tls ? [{ name: "nats-ca", mountPath: proxyMounts.natsAuthorities, source: authorities }] : []),
    ];
  }
  const files = (name: string, mountPath: string, secretName: string | undefined, keys: readonly string[]) => {
    if (secretName === undefined) return [];
    const items = keys.map((key) => ({ key, path: key }));
    return [{ name, mountPath, source: secret(secretName, { items, optional: true }) }];
  };
  // Optional: the proxy then says in its log what it lacks, beside what the status says, and takes it as soon as it is there.
  return [
    ...files(volume.name, volume.mountPath, nats.credentialsSecret, ["password"]),
    ...files("nats-ca", proxyMounts.natsAuthorities, nats.caSecret, ["ca.crt"]),
    ...files("nats-tls", proxyMounts.natsCertificate, nats.clientSecret, tlsKeys),
  ];
};

/** Optional: traces are no reason for a pod not to start. */
const tracingVolumes = ({ revenprox }: Instance): readonly Volume[] => {
  const name = revenprox.spec.tracing?.headersSecret;
  if (name === undefined) return [];
  const items = [{ key: "headers", path: "headers" }];
  const source = secret(name, { items, optional: true });
  return [{ name: "tracing-headers", mountPath: proxyMounts.tracingHeaders, source }];
};

/** None is optional: without what the user asks for a proxy would be open, or refuse everybody. */
const authVolumes = ({ revenprox, names }: Instance): readonly Volume[] => {
  const { auth, tls } = revenprox.spec;
  const { headersSecret, caSecret, clientSecret } = auth?.verifier ?? {};
  const files = (name: string, mountPath: string, from: string | undefined, keys: readonly string[]) =>
    from === undefined
      ? []
      : [{ name, mountPath, source: secret(from, { items: keys.map((key) => ({ key, path: key })) }) }];
  return [
    {
      name: "publish-keys",
      mountPath: proxyMounts.publishKeys,
      source: secret(auth?.publishKeysSecret ?? names.publishKey),
    },
    ...files("verifier-headers", proxyMounts.verifierHeaders, headersSecret, ["headers"]),
    ...files("verifier-ca", proxyMounts.verifierAuthorities, caSecret, ["ca.crt"]),
    ...files("verifier-tls", proxyMounts.verifierCertificate, clientSecret, tlsKeys),
    ...files("tls", proxyMounts.certificate, tls?.secret, tlsKeys),
  ];
};

const proxyVolumes = (instance: Instance, coldConfigMap: string): readonly Volume[] => [
  { name: "config", mountPath: proxyMounts.coldConfig, source: { configMap: { name: coldConfigMap } } },
  {
    name: "config-live",
    mountPath: proxyMounts.liveConfig,
    source: { configMap: { name: instance.names.liveConfig } },
  },
  ...authVolumes(instance),
  {
    name: "management-tokens",
    mountPath: proxyMounts.managementTokens,
    source: secret(instance.names.managementTokens),
  },
  ...natsVolumes(instance),
  ...tracingVolumes(instance),
];

/** Volumes of a proxy pod and where its container mounts them. */
export const proxyFiles = (instance: Instance, coldConfigMap: string) => {
  const all = proxyVolumes(instance, coldConfigMap);
  return {
    volumes: all.map(({ name, source }) => ({ name, ...source })),
    volumeMounts: all.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
  };
};
