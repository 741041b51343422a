import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ClusterFacts, DesiredInput, KubernetesObject, OperatorSettings } from "../reconcile/ports.ts";
import { type MovePace, paceOf } from "../rollout/pace.ts";
import { effectiveConfig, InvalidConfigError } from "./effective-config.ts";
import { type Images, imagesOf } from "./images.ts";
import { type JournalSize, journalSize } from "./journal-size.ts";
import { type NatsPlan, natsPlan } from "./nats-plan.ts";
import { natsUsersAnnotation, podAnnotations } from "./pod-template.ts";

/** One RevenProx with every choice made: what the builders of its children read. */
export interface Instance {
  readonly revenprox: RevenProx;
  readonly settings: OperatorSettings;
  readonly facts: ClusterFacts;
  readonly name: string;
  readonly namespace: string;
  /** Proxies that are to run in the end. */
  readonly replicas: number;
  /** Kinds of the autoscalers that exist, also of one that is being deleted. */
  readonly autoscalers: readonly string[];
  readonly names: ReturnType<typeof names>;
  /** The Deployment of the proxies that exists already. */
  readonly deployment: KubernetesObject | undefined;
  /** Of the passwords of managed NATS, for its pods; while the Secret is away or lacks some the last one stays. */
  readonly natsUsersRevision: string | undefined;
  /** Workloads as they were applied last. */
  readonly applied: readonly KubernetesObject[];
  /** Name in NATS subjects. A namespace has no underscore, so no two resources of a cluster share one. */
  readonly natsInstance: string;
  readonly nats: NatsPlan;
  readonly images: Images;
  readonly journal: JournalSize;
  /** How fast streams move when pods go. */
  readonly pace: MovePace;
  /** `spec.config` with the contract's defaults filled in. */
  readonly config: ProxyConfig;
}

const autoscalerKinds: ReadonlySet<string> = new Set(["HorizontalPodAutoscaler", "ScaledObject"]);

const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject | undefined =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

/** Least volume of a NATS server: its journal and the mirror have a mebibyte each, and there is room for NATS itself. */
const leastVolumeBytes = 4 * 1_048_576;

const refuseTinyVolume = (nats: NatsPlan): void => {
  if (nats.kind === "external" || nats.sizeBytes >= leastVolumeBytes) return;
  throw new InvalidConfigError(`spec.nats.managed.storage.size: ${nats.size} holds no journal; it takes 4Mi at least`);
};

/** Reads a resource together with what exists; throws `InvalidConfigError` where the API server let a bad config pass. */
export const instanceOf = ({ revenprox, replicas, settings, facts, current, applied = [] }: DesiredInput): Instance => {
  const { name, namespace } = revenprox.metadata;
  const instanceNames = names(name);
  const config = effectiveConfig(revenprox.spec.config);
  const deployment = find(current, "Deployment", instanceNames.proxy);
  const statefulSet = find(current, "StatefulSet", instanceNames.nats);
  const { defaultStorageClass, journalVolumes } = facts;
  const nats = natsPlan(revenprox.spec, { defaultStorageClass, statefulSet, journalVolumes });
  refuseTinyVolume(nats);
  return {
    revenprox,
    settings,
    facts,
    name,
    namespace,
    replicas: replicas ?? revenprox.spec.replicas,
    autoscalers: current.map(({ kind }) => kind).filter((kind) => autoscalerKinds.has(kind)),
    names: instanceNames,
    deployment,
    natsUsersRevision: facts.secrets.natsUsers.revision ?? podAnnotations(statefulSet)[natsUsersAnnotation],
    applied,
    natsInstance: `${namespace}_${name}`,
    nats,
    images: imagesOf({ revenprox, settings, deployment, statefulSet }),
    journal: journalSize(nats, config.set.journal),
    pace: paceOf(revenprox.spec, config.effective.http),
    config: config.effective,
  };
};
