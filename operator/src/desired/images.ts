import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { KubernetesObject, OperatorSettings } from "../reconcile/ports.ts";
import { containerImage } from "./pod-template.ts";

/** What the pods are to run. */
export interface Images {
  readonly proxy: string;
  readonly nats: string;
}

export interface ImageFacts {
  readonly revenprox: RevenProx;
  readonly settings: OperatorSettings;
  /** The workloads that exist already. */
  readonly deployment: KubernetesObject | undefined;
  readonly statefulSet: KubernetesObject | undefined;
}

/** What the spec names, by component. */
export const namedImages = ({ spec }: RevenProx): Partial<Images> => {
  const nats = spec.nats?.managed?.image;
  return { ...(spec.image === undefined ? {} : { proxy: spec.image }), ...(nats === undefined ? {} : { nats }) };
};

/**
 * Images in the order: what the spec names; with `Manual` what came from an operator before; what this operator has.
 * A status that says nothing of defaults was never written or is an older operator's: then what runs is kept, so that
 * no operator upgrade alone restarts anything.
 */
export const imagesOf = ({ revenprox, settings, deployment, statefulSet }: ImageFacts): Images => {
  const named = namedImages(revenprox);
  const own: Images = { proxy: settings.proxyImage, nats: settings.natsImage };
  if (revenprox.spec.upgradePolicy === "Automatic") return { ...own, ...named };
  const kept = revenprox.status?.defaultImages ?? {
    proxy: containerImage(deployment),
    nats: containerImage(statefulSet),
  };
  return {
    proxy: named.proxy ?? kept.proxy ?? own.proxy,
    nats: named.nats ?? kept.nats ?? own.nats,
  };
};
