import { type Component, objectLabels } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import { natsUsers } from "@revenprox/contract/nats-subjects";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { SecretSpec, SecretsToCreate } from "../reconcile/ports.ts";

/** Entries of the Secret of the management plane's tokens. */
export const managementTokenKeys: readonly string[] = ["read", "admin"];

/** Entropy of every generated secret, in bytes. */
const secretBytes = 32;

interface SecretShape {
  readonly name: string;
  readonly component: Component;
  readonly keys: readonly string[];
}

const shapes = ({ metadata, spec }: RevenProx): readonly SecretShape[] => {
  const secretNames = names(metadata.name);
  const managed = spec.nats?.external === undefined;
  return [
    ...(spec.auth?.publishKeysSecret === undefined
      ? [{ name: secretNames.publishKey, component: "proxy", keys: ["default"] } as const]
      : []),
    { name: secretNames.managementTokens, component: "proxy", keys: managementTokenKeys },
    ...(managed ? [{ name: secretNames.natsUsers, component: "nats", keys: Object.values(natsUsers) } as const] : []),
  ];
};

export const secretsToCreate: SecretsToCreate = (revenprox, random) =>
  shapes(revenprox).map(
    ({ name, component, keys }): SecretSpec => ({
      name,
      namespace: revenprox.metadata.namespace,
      labels: objectLabels(revenprox.metadata.name, component),
      stringData: Object.fromEntries(keys.map((key) => [key, random(secretBytes)])),
    }),
  );
