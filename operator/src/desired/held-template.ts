import { isDeepStrictEqual } from "node:util";
import { configKeys } from "@revenprox/contract/config/key-list";
import type { Component } from "@revenprox/contract/labels";
import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { DesiredObject, KubernetesObject } from "../reconcile/ports.ts";
import { configHash } from "./config-hash.ts";
import type { Instance } from "./instance.ts";
import { containerImage, podAnnotations } from "./pod-template.ts";
import { valueAt } from "./proxy-toml.ts";

/** On a workload: hash of what its pods were asked for by the user and by the cluster, apart from how an operator makes pods. */
const causeAnnotation = "revenprox.io/template-cause";
/** On a workload whose pod template is an earlier operator's. */
const heldAnnotation = "revenprox.io/template-held";

/** Fields of the spec that no pod is made from. A field that is not here is taken for one that pods are made from. */
const notOfPods = [
  ...["replicas", "upgradePolicy", "autoscaling", "healing", "progressDeadlineSeconds"],
  ...["service", "ingress", "route", "podDisruptionBudget", "networkPolicy", "monitoring", "slo"],
] as const satisfies readonly (keyof RevenProxSpec)[];

const without = (object: object, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** Only what is set, and not in the order of the schema: neither a key that a later release brings nor its place is a cause. */
const restartingKeys = (config: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  configKeys
    .filter(({ reload }) => reload === "restart")
    .map((key) => [`${key.section ?? ""}.${key.name}`, valueAt(config, key)] as const)
    .filter(([, value]) => value !== undefined);

/** What the user asks of the proxies' pods; keys that they take while they run roll nothing. */
const askedOfProxies = ({ revenprox, nats: plan, journal }: Instance): object => {
  const { nats, config = {}, ...spec } = revenprox.spec;
  return {
    ...without(spec, notOfPods),
    config: Object.fromEntries(restartingKeys(config)),
    nats: plan.kind === "managed" ? plan.replicas : nats?.external,
    journal: journal.maxBytes,
  };
};

/** What the user asks of the NATS servers' pods. */
const askedOfNats = ({ revenprox, nats: plan, config, journal }: Instance): object => {
  const { nats, imagePullSecrets } = revenprox.spec;
  return {
    // Filled in by the API server as soon as the user names anything of it.
    ...without(nats?.managed ?? {}, ["replicas", "storage", "image", "tls"]),
    ...(plan.kind === "managed" ? { replicas: plan.replicas, storeBytes: plan.storeBytes } : {}),
    imagePullSecrets,
    journal: journal.maxBytes,
    maxEventSize: config.http.maxEventSize,
    // Only where it is off, so that what ran before the key came stays as it is.
    ...(config.journal.enabled ? {} : { journalOff: true }),
  };
};

const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const causeOf = (instance: Instance, component: Component): string => {
  const { natsCredentials, natsTls } = instance.facts.secrets;
  const asked =
    component === "proxy"
      ? [askedOfProxies(instance), instance.images.proxy, natsCredentials?.revision]
      : // Without TLS as before there was any: another hash would make new pods.
        [
          askedOfNats(instance),
          instance.images.nats,
          instance.natsUsersRevision,
          ...(natsTls === undefined ? [] : [natsTls.server.revision]),
        ];
  return configHash(JSON.stringify(asked, sorted));
};

const templateOf = (workload: KubernetesObject): unknown =>
  (workload["spec"] as { readonly template?: unknown }).template;

/** Annotations by which pods follow Secrets. */
const revisionsOf = (workload: KubernetesObject): readonly (readonly [string, string])[] =>
  Object.entries(podAnnotations(workload)).filter(([name]) => name.endsWith("-revision"));

/** An operator of version 0.1 wrote no cause: what it had said of the resource tells whether it had seen all of it. */
const sameCause = (
  { revenprox: { metadata, status } }: Instance,
  applied: KubernetesObject,
  wished: DesiredObject,
  cause: string,
): boolean => {
  const before = applied.metadata.annotations?.[causeAnnotation];
  if (before !== undefined) return before === cause;
  const sawAll = status?.observedGeneration === metadata.generation;
  return (
    sawAll &&
    containerImage(applied) === containerImage(wished) &&
    isDeepStrictEqual(revisionsOf(applied), revisionsOf(wished))
  );
};

/**
 * The workload with the pod template that an earlier operator gave it, as long as nobody but the operator asks for
 * another one: so an operator upgrade restarts nothing. What is held back comes with the next change that makes new
 * pods anyway, or with upgradePolicy Automatic.
 */
export const holdTemplate = (instance: Instance, wished: DesiredObject, component: Component): DesiredObject => {
  const cause = causeOf(instance, component);
  const named = (workload: DesiredObject, annotations: Readonly<Record<string, string>>): DesiredObject => ({
    ...workload,
    metadata: {
      ...workload.metadata,
      annotations: { ...workload.metadata.annotations, [causeAnnotation]: cause, ...annotations },
    },
  });
  const applied = instance.applied.find(
    ({ kind, metadata }) => kind === wished.kind && metadata.name === wished.metadata.name,
  );
  const isHeld =
    applied !== undefined &&
    instance.revenprox.spec.upgradePolicy !== "Automatic" &&
    sameCause(instance, applied, wished, cause) &&
    !isDeepStrictEqual(templateOf(applied), templateOf(wished));
  if (!isHeld) return named(wished, {});
  const spec = { ...(wished["spec"] as object), template: templateOf(applied) };
  return named({ ...wished, spec }, { [heldAnnotation]: "true" });
};

/** Whether the template of a desired workload is an earlier operator's. */
export const isHeldBack = ({ metadata }: DesiredObject): boolean => metadata.annotations?.[heldAnnotation] === "true";
