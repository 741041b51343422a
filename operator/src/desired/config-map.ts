import type { DesiredObject } from "../reconcile/ports.ts";
import { configHash } from "./config-hash.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { configFile } from "./mounts.ts";
import { proxyToml } from "./proxy-toml.ts";

/** Both ConfigMaps of the proxies; the pod template names the cold one, so a new hash rolls the pods. */
export interface ProxyConfigMaps {
  readonly cold: DesiredObject;
  readonly live: DesiredObject;
}

export const proxyConfigMaps = (instance: Instance): ProxyConfigMaps => {
  const toml = proxyToml(instance);
  const configMap = (name: string, text: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadata(instance, name, "proxy"),
    data: { [configFile]: text },
  });
  return {
    cold: { ...configMap(instance.names.coldConfig(configHash(toml.cold)), toml.cold), immutable: true },
    live: configMap(instance.names.liveConfig, toml.live),
  };
};
