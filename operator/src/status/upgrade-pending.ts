import { isHeldBack } from "../desired/held-template.ts";
import { imageFields } from "./image-fields.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** Whether this operator would run other images, or make pods in another way, than an earlier one did. */
export const upgradePending = ({ input }: Situation): Verdict => {
  const { proxy, nats } = imageFields(input).defaultImages ?? {};
  const { proxyImage, natsImage } = input.settings;
  const waiting = [
    ...(proxy === undefined || proxy === proxyImage ? [] : [`spec.image: ${proxyImage} (now ${proxy})`]),
    ...(nats === undefined || nats === natsImage ? [] : [`spec.nats.managed.image: ${natsImage} (now ${nats})`]),
  ];
  const held = input.desired.filter(isHeldBack).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  if (waiting.length === 0 && held.length > 0)
    return isTrue(
      "NewPodTemplate",
      `The operator would make pods in another way, and nothing is restarted for it: ${held.join(", ")}. It comes with the next change of the spec that makes new pods, or with spec.upgradePolicy: Automatic.`,
    );
  if (waiting.length === 0) return isFalse("UpToDate", "Nothing is waiting to be rolled out.");
  return isTrue(
    "NewDefaultImages",
    `The operator has newer images, and nothing is restarted for them. Set ${waiting.join(" and ")}, or spec.upgradePolicy: Automatic to take all of them, now and later.`,
  );
};
