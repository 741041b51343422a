import { appLabel } from "@revenprox/contract/labels";
import type { ContainerStatus, LivePod } from "./live-pod.ts";
import type { Trouble } from "./verdict.ts";

const imageReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
]);
const setupReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);

/** `ErrImagePull` and `ImagePullBackOff` take turns: the message names neither, so that it does not change with them. */
const imageTrouble = (pod: LivePod, { image = "(unknown)" }: ContainerStatus): Trouble => ({
  reason: "ImagePullFailed",
  message: `Pod ${pod.name} cannot pull the image ${image}. Check its name, that the nodes reach its registry, and that they may pull it (spec.imagePullSecrets).`,
});

const setupTrouble = (pod: LivePod, container: ContainerStatus): Trouble => ({
  reason: "ContainerNotCreated",
  message: `The container ${container.name} of pod ${pod.name} cannot be created: ${container.state?.waiting?.message ?? "no reason given"}.`,
});

/** Where the spec says what such a pod asks for. */
const specOf = ({ app }: LivePod): string => (app === appLabel.nats ? "spec.nats.managed" : "spec");

/** Like the above, the same words while the container waits and while it tries again. */
const crashTrouble = (pod: LivePod, { name, lastState, state }: ContainerStatus): Trouble => {
  const end = state?.terminated ?? lastState?.terminated;
  const inNamespace = pod.namespace === undefined ? "" : ` --namespace ${pod.namespace}`;
  const [cause, remedy] =
    end?.reason === "OOMKilled"
      ? ["was killed at its memory limit", `Raise ${specOf(pod)}.resources.limits.memory.`]
      : [`ended with code ${end?.exitCode ?? "unknown"}`, `See kubectl logs ${pod.name} --previous${inNamespace}.`];
  return { reason: "PodCrashing", message: `The container ${name} of pod ${pod.name} ${cause}. ${remedy}` };
};

const containerTrouble = (pod: LivePod, container: ContainerStatus): Trouble | undefined => {
  const waiting = container.state?.waiting?.reason ?? "";
  if (imageReasons.has(waiting)) return imageTrouble(pod, container);
  if (setupReasons.has(waiting)) return setupTrouble(pod, container);
  const ended = container.state?.terminated !== undefined || container.lastState?.terminated !== undefined;
  return ended && container.ready !== true ? crashTrouble(pod, container) : undefined;
};

const ownTrouble = (pod: LivePod): Trouble | undefined => {
  if (pod.unschedulable !== undefined) {
    const asked = `What it asks of a node is in ${specOf(pod)}.resources and ${specOf(pod)}.pod.`;
    const told = pod.unschedulable.replace(/\.?$/, ".");
    return { reason: "Unschedulable", message: `No node takes pod ${pod.name}: ${told} ${asked}` };
  }
  if (pod.phase !== "Failed") return undefined;
  const why = [pod.reason, pod.message].filter((part) => part !== undefined).join(": ");
  return { reason: "PodFailed", message: `Pod ${pod.name} failed: ${why || "no reason given"}` };
};

const troubleOf = (pod: LivePod): Trouble | undefined =>
  pod.containers.map((container) => containerTrouble(pod, container)).find((trouble) => trouble !== undefined) ??
  ownTrouble(pod);

/** What keeps the pods of one component from being ready, told by the first of them that knows. */
export const podTrouble = (pods: readonly LivePod[]): Trouble | undefined =>
  pods
    .filter((pod) => !pod.ready)
    .map(troubleOf)
    .find((trouble) => trouble !== undefined);
