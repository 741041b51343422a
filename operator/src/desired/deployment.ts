import { selectorLabels } from "@revenprox/contract/labels";
import type { DesiredObject } from "../reconcile/ports.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { placement, podMetadata } from "./pod-extras.ts";
import { restrictedPod } from "./pod-security.ts";
import { podAnnotations } from "./pod-template.ts";
import { endpointLagSec, proxyContainer } from "./proxy-container.ts";
import { proxyFiles } from "./proxy-volumes.ts";

/** Bounds the kernel's send buffer of a slow client, which no limit of the proxy or the pod would count. */
const boundedSendBuffer = { name: "net.ipv4.tcp_wmem", value: "4096 16384 262144" };

const podSpec = (instance: Instance, coldConfigMap: string) => {
  const { volumes, volumeMounts } = proxyFiles(instance, coldConfigMap);
  return {
    serviceAccountName: instance.names.proxy,
    automountServiceAccountToken: false,
    // A Service named revenprox would put REVENPROX_PORT and the like among the proxy's own settings.
    enableServiceLinks: false,
    // The kubelet's clock includes preStop; the proxy's own grace period begins with SIGTERM.
    terminationGracePeriodSeconds: instance.pace.windowSec + endpointLagSec,
    securityContext: { ...restrictedPod, sysctls: [boundedSendBuffer] },
    ...placement(instance, "proxy", instance.revenprox.spec.pod),
    containers: [proxyContainer(instance, volumeMounts)],
    volumes,
  };
};

const natsUserAnnotation = "revenprox.io/nats-user-revision";

/**
 * On the pod template: a container takes the user name of an external NATS from its environment, which only a new pod
 * reads anew. While the Secret is away the last revision stays, so that its removal rolls nothing.
 */
const rollAnnotations = ({ facts, deployment: live }: Instance): Readonly<Record<string, string>> => {
  const credentials = facts.secrets.natsCredentials;
  if (credentials === undefined) return {};
  const revision = credentials.revision ?? podAnnotations(live)[natsUserAnnotation];
  return revision === undefined ? {} : { [natsUserAnnotation]: revision };
};

/**
 * Seconds for which a new pod must have been ready before an old one goes for it: in this time, and that of the pod's
 * start, the operator holds the roll-out back until the old pod before has drained.
 */
const settlingSec = 5;

interface LiveDeployment {
  readonly spec?: { readonly minReadySeconds?: number };
  readonly status?: { readonly replicas?: number; readonly updatedReplicas?: number };
}

/**
 * From the first roll-out on: a first installation is ready when its pods are, and no write of ours makes pods that are
 * ready count as new. While the operator holds a roll-out no new pod counts as available: a paused Deployment still takes
 * its last old pods away once all new ones are available (`IsSaturated` of its controller).
 */
const availability = ({
  deployment: live,
  facts,
  pace,
  revenprox,
}: Instance): { readonly minReadySeconds?: number } => {
  // The API server wants less than the deadline.
  if (facts.rollout?.paused === true)
    return { minReadySeconds: Math.min(pace.windowSec, revenprox.spec.progressDeadlineSeconds - 1) };
  const { spec, status } = (live ?? {}) as LiveDeployment;
  const isRolling = (status?.updatedReplicas ?? 0) < (status?.replicas ?? 0);
  return spec?.minReadySeconds !== undefined || isRolling ? { minReadySeconds: settlingSec } : {};
};

/** The proxies. New pods come before old ones go, so that clients have somewhere to reconnect to. */
export const deployment = (instance: Instance, coldConfigMap: string): DesiredObject => {
  const { progressDeadlineSeconds } = instance.revenprox.spec;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(instance, instance.names.proxy, "proxy"),
    spec: {
      replicas: instance.facts.rollout?.replicas ?? instance.replicas,
      // Left out otherwise, as the API server does.
      ...(instance.facts.rollout?.paused === true ? { paused: true } : {}),
      progressDeadlineSeconds,
      ...availability(instance),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: instance.pace.podsAtOnce, maxUnavailable: 0 } },
      selector: { matchLabels: selectorLabels(instance.name, "proxy") },
      template: {
        metadata: podMetadata(instance, "proxy", {
          extras: instance.revenprox.spec.pod,
          own: rollAnnotations(instance),
        }),
        spec: podSpec(instance, coldConfigMap),
      },
    },
  };
};
