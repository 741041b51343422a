import { imageFields } from "./image-fields.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** Whether this operator would run other images than those that were kept from an earlier one. */
export const upgradePending = ({ input }: Situation): Verdict => {
  const { proxy, nats } = imageFields(input).defaultImages ?? {};
  const { proxyImage, natsImage } = input.settings;
  const waiting = [
    ...(proxy === undefined || proxy === proxyImage ? [] : [`spec.image: ${proxyImage} (now ${proxy})`]),
    ...(nats === undefined || nats === natsImage ? [] : [`spec.nats.managed.image: ${natsImage} (now ${nats})`]),
  ];
  if (waiting.length === 0) return isFalse("UpToDate", "No other image is waiting to be rolled out.");
  return isTrue(
    "NewDefaultImages",
    `The operator has newer images, and nothing is restarted for them. Set ${waiting.join(" and ")}, or spec.upgradePolicy: Automatic to take all of them, now and later.`,
  );
};
