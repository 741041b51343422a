import type { KubernetesObject } from "../reconcile/ports.ts";

interface Workload {
  readonly template?: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
  };
}

const templateOf = (workload: KubernetesObject | undefined): Workload["template"] =>
  (workload?.["spec"] as Workload | undefined)?.template;

/** On the pod template of NATS: it reads its users' passwords at its start. */
export const natsUsersAnnotation = "revenprox.io/nats-users-revision";

/** Annotations on the pod template of a Deployment or StatefulSet. */
export const podAnnotations = (workload: KubernetesObject | undefined): Readonly<Record<string, string>> =>
  templateOf(workload)?.metadata?.annotations ?? {};

/** Image of its first container, which is ours; a sidecar that a webhook adds comes into pods, not into templates. */
export const containerImage = (workload: KubernetesObject | undefined): string | undefined =>
  templateOf(workload)?.spec?.containers?.[0]?.image;
