import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { namedImages } from "../desired/images.ts";
import { containerImage } from "../desired/pod-template.ts";
import type { StatusInput } from "../reconcile/ports.ts";

type ImageFields = Pick<RevenProxStatus, "image" | "natsImage" | "defaultImages">;

const imageIn = ({ desired }: StatusInput, kind: "Deployment" | "StatefulSet"): string | undefined =>
  containerImage(desired.find((object) => object.kind === kind));

const present = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** What the pods are to run, as desired says; where nothing can be desired, what was said before. */
export const imageFields = (input: StatusInput): ImageFields => {
  const { status = {} } = input.revenprox;
  const { image, natsImage, defaultImages } = status;
  // What is only planned does not run, and must not be kept as if it had.
  if (input.desired.length === 0 || input.planned !== undefined) return present({ image, natsImage, defaultImages });
  const named = namedImages(input.revenprox);
  const proxy = imageIn(input, "Deployment");
  const nats = imageIn(input, "StatefulSet");
  const ours = {
    proxy: named.proxy === undefined ? proxy : undefined,
    nats: named.nats === undefined ? nats : undefined,
  };
  return { ...present({ image: proxy, natsImage: nats }), defaultImages: present(ours) };
};
