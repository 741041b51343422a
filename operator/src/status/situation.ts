import { appLabel } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import type { ChildStatus } from "@revenprox/contract/resource/status";
import type { StatusInput } from "../reconcile/ports.ts";
import { children } from "./children.ts";
import { type LivePod, livePods } from "./live-pod.ts";
import { type LiveWorkload, liveWorkload } from "./live-workload.ts";
import { podTrouble } from "./pod-trouble.ts";
import type { Trouble } from "./verdict.ts";

/** What the conditions are judged by: the input, read once. */
export interface Situation {
  readonly input: StatusInput;
  readonly proxies: LiveWorkload | undefined;
  readonly proxyPods: readonly LivePod[];
  readonly proxyTrouble: Trouble | undefined;
  readonly natsServers: LiveWorkload | undefined;
  readonly natsTrouble: Trouble | undefined;
  readonly children: readonly ChildStatus[];
}

/** By the words of the scheduler: a class may as well have gone when all volumes were made. */
const lacksVolume = (trouble: Trouble | undefined): boolean =>
  trouble?.reason === "Unschedulable" && /unbound|storageclass/i.test(trouble.message);

/** Without their StorageClass no volume is made, and the scheduler says only that there is none. */
const natsPodTrouble = (trouble: Trouble | undefined, unknownClass: string | undefined): Trouble | undefined => {
  if (unknownClass === undefined || !lacksVolume(trouble)) return trouble;
  return {
    reason: "StorageClassMissing",
    message:
      `The cluster has no StorageClass ${unknownClass}, which spec.nats.managed.storage.className names, so nobody makes the volumes of NATS. ` +
      "Create it; or delete the RevenProx, which has no events yet, and create it with another className.",
  };
};

export const situationOf = (input: StatusInput): Situation => {
  const { observed, revenprox } = input;
  const known = names(revenprox.metadata.name);
  const pods = livePods(observed.pods);
  const workload = (kind: string, name: string): LiveWorkload | undefined => {
    const object = observed.objects.find((each) => each.kind === kind && each.metadata.name === name);
    return object === undefined ? undefined : liveWorkload(object);
  };
  const proxies = workload("Deployment", known.proxy);
  const natsServers = workload("StatefulSet", known.nats);
  const proxyPods = pods.filter(({ app }) => app === appLabel.proxy);
  const proxyTrouble = podTrouble(proxyPods) ?? proxies?.refusedPods;
  const natsTrouble = natsPodTrouble(
    podTrouble(pods.filter(({ app }) => app === appLabel.nats)),
    input.facts.unknownStorageClass,
  );
  return {
    input,
    proxies,
    proxyPods,
    proxyTrouble,
    natsServers,
    natsTrouble,
    children: children(input, { Deployment: proxyTrouble, StatefulSet: natsTrouble }),
  };
};
