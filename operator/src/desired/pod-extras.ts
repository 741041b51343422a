import { objectLabels, selectorLabels } from "@revenprox/contract/labels";
import type { PodExtras } from "@revenprox/contract/resource/spec-pod";
import type { Instance } from "./instance.ts";
import { spread } from "./spread.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields that are set. */
const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const nodeAffinity = (rules: PodExtras["nodeAffinity"] = []): Fields => {
  const expression = ({ key, operator, values }: (typeof rules)[number]) => present({ key, operator, values });
  const required = rules.filter(({ weight }) => weight === undefined);
  const preferred = rules.filter(({ weight }) => weight !== undefined);
  if (rules.length === 0) return {};
  return {
    affinity: {
      nodeAffinity: {
        ...(required.length === 0
          ? {}
          : {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: required.map(expression) }],
              },
            }),
        ...(preferred.length === 0
          ? {}
          : {
              preferredDuringSchedulingIgnoredDuringExecution: preferred.map((rule) => ({
                weight: rule.weight,
                preference: { matchExpressions: [expression(rule)] },
              })),
            }),
      },
    },
  };
};

/** Where the pods of a component run: what the spec says, else spread as far as possible. */
export const placement = (
  { name, revenprox }: Instance,
  component: "proxy" | "nats",
  extras: PodExtras = {},
): Fields => {
  const perRevision = component === "proxy" ? ["pod-template-hash"] : [];
  const { nodeSelector, tolerations, priorityClassName, topologySpread } = extras;
  const { imagePullSecrets } = revenprox.spec;
  return {
    ...present({ nodeSelector, priorityClassName, tolerations: tolerations?.map(present) }),
    ...(imagePullSecrets === undefined
      ? {}
      : { imagePullSecrets: imagePullSecrets.map((secret) => ({ name: secret })) }),
    ...nodeAffinity(extras.nodeAffinity),
    topologySpreadConstraints: spread(selectorLabels(name, component), perRevision, topologySpread),
  };
};

/** `metadata` of a pod template; what we find pods by goes before what the user adds. */
export const podMetadata = (
  { name }: Instance,
  component: "proxy" | "nats",
  { extras = {}, own }: { readonly extras?: PodExtras | undefined; readonly own: Readonly<Record<string, string>> },
): Fields => {
  const annotations = { ...extras.annotations, ...own };
  return {
    labels: { ...extras.labels, ...objectLabels(name, component) },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
};

/** Environment of the user's. */
export const extraEnvironment = ({ revenprox }: Instance): readonly Fields[] =>
  (revenprox.spec.pod?.env ?? []).map(({ name, value, secret }) =>
    secret === undefined
      ? { name, value }
      : { name, valueFrom: { secretKeyRef: { name: secret.name, key: secret.key } } },
  );
