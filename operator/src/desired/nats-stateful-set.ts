import { objectLabels, selectorLabels } from "@revenprox/contract/labels";
import type { DesiredObject } from "../reconcile/ports.ts";
import { configHash } from "./config-hash.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { natsContainer, natsGraceSec } from "./nats-container.ts";
import type { ManagedNats } from "./nats-plan.ts";
import { placement, podMetadata } from "./pod-extras.ts";
import { restrictedPod, secretFileMode } from "./pod-security.ts";
import { natsUsersAnnotation } from "./pod-template.ts";

/** On the pod template: a changed configuration, password or certificate has the servers restarted one by one; all are read at the start. */
const rollAnnotations = ({ facts, natsUsersRevision: revision }: Instance, configText: string) => {
  const tlsRevision = facts.secrets.natsTls?.server.revision;
  return {
    "revenprox.io/nats-config-hash": configHash(configText),
    ...(revision === undefined ? {} : { [natsUsersAnnotation]: revision }),
    ...(tlsRevision === undefined ? {} : { "revenprox.io/nats-tls-revision": tlsRevision }),
  };
};

const journalClaim = (instance: Instance, { size, volume }: ManagedNats) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "journal", labels: objectLabels(instance.name, "nats") },
  spec: {
    accessModes: ["ReadWriteOnce"],
    volumeMode: "Filesystem",
    resources: { requests: { storage: size } },
    ...(volume.kind === "claim" && volume.className !== undefined ? { storageClassName: volume.className } : {}),
  },
});

const natsExtras = ({ revenprox }: Instance) => revenprox.spec.nats?.managed?.pod;

const podSpec = (instance: Instance, nats: ManagedNats) => ({
  serviceAccountName: instance.names.proxy,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: natsGraceSec,
  securityContext: restrictedPod,
  ...placement(instance, "nats", natsExtras(instance)),
  containers: [natsContainer(instance, nats)],
  volumes: [
    { name: "config", configMap: { name: instance.names.natsConfig } },
    ...(nats.tls ? [{ name: "tls", secret: { secretName: instance.names.natsTls, defaultMode: secretFileMode } }] : []),
    ...(nats.volume.kind === "empty-dir" ? [{ name: "journal", emptyDir: { sizeLimit: nats.size } }] : []),
  ],
});

const claims = (instance: Instance, nats: ManagedNats) =>
  nats.volume.kind === "empty-dir"
    ? {}
    : {
        volumeClaimTemplates: [journalClaim(instance, nats)],
        // The journal goes with its resource: a later one of the same name must not wake up with its events.
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
      };

/** The NATS servers. All start at once, since a cluster of three is not ready before two of them talk. */
export const natsStatefulSet = (instance: Instance, nats: ManagedNats, configText: string): DesiredObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: metadata(instance, instance.names.nats, "nats"),
  spec: {
    replicas: nats.replicas,
    serviceName: instance.names.natsHeadless,
    podManagementPolicy: "Parallel",
    // Its controller knows nothing of the journal's copies: the operator says which server goes next (`nats/`).
    updateStrategy: { type: "OnDelete" },
    selector: { matchLabels: selectorLabels(instance.name, "nats") },
    template: {
      metadata: podMetadata(instance, "nats", {
        extras: natsExtras(instance),
        own: rollAnnotations(instance, configText),
      }),
      spec: podSpec(instance, nats),
    },
    ...claims(instance, nats),
  },
});
