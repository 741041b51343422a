import { appLabel } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { controllerOf, type LiveObject } from "../kube/object.ts";
import { isReadyPod, type Pod } from "../kube/pod.ts";
import type { Secrets } from "../kube/secrets.ts";
import type { AskLoad } from "./ask-load.ts";
import type { CallManagement } from "./management-call.ts";
import type { PodFigures, PodLoad } from "./pod-load.ts";

export interface FleetDependencies {
  readonly secrets: Pick<Secrets, "value">;
  readonly ask: AskLoad;
  readonly call: CallManagement;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly onSilent: (pod: string, error: unknown) => void;
}

/** Streams that one pod is to end. */
export interface ShedWish {
  readonly pod: string;
  readonly streams: number;
  readonly keep: number;
  readonly ratePerSec: number;
}

/** The proxies of the resources, over their management planes. */
export interface Fleet {
  /**
   * The proxy pods among `pods`, which must be below the resource by its uid. Figures are at most `maxAgeMs` old; a pod
   * that does not answer has none. Never throws.
   */
  read(revenprox: RevenProx, pods: readonly LiveObject[], maxAgeMs: number): Promise<readonly PodLoad[]>;
  /** The same with what was heard last, however old; asks nobody. */
  known(pods: readonly LiveObject[]): readonly PodLoad[];
  /** What a pod said last, also one that is gone. */
  lastOf(uid: string): PodFigures | undefined;
  /** Asks pods to give streams away; false when one of them did not take it. Never throws. */
  shed(revenprox: RevenProx, pods: readonly LiveObject[], wishes: readonly ShedWish[]): Promise<boolean>;
}

/** Proxies asked at once for one resource. */
const parallel = 8;
/** Figures that nobody asked for in a while are forgotten. */
const forgottenMs = 600_000;

interface Known {
  readonly at: number;
  readonly figures: PodFigures;
}

const isProxy = ({ metadata }: LiveObject): boolean => metadata.labels?.["app"] === appLabel.proxy;

const loadOf = (pod: Pod, figures: PodFigures | undefined): PodLoad => {
  const { name, uid = "", deletionTimestamp } = pod.metadata;
  return {
    pod: name,
    uid,
    owner: controllerOf(pod)?.uid ?? "",
    ready: isReadyPod(pod),
    goneBy: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
    figures,
  };
};

/** The proxy pods among `pods`, none of them asked. */
export const podLoads = (pods: readonly LiveObject[]): readonly PodLoad[] =>
  pods.filter(isProxy).map((pod) => loadOf(pod, undefined));

const inTurns = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
};

export const createFleet = ({ secrets, ask, call, now, onSilent }: FleetDependencies): Fleet => {
  const known = new Map<string, Known>();

  const forget = () => {
    for (const [uid, { at }] of known) if (now() - at > forgottenMs) known.delete(uid);
  };

  const token = async ({ metadata }: RevenProx, role: "read" | "admin"): Promise<string | undefined> => {
    try {
      return await secrets.value(metadata.namespace, names(metadata.name).managementTokens, role);
    } catch (error) {
      onSilent(metadata.name, error);
      return undefined;
    }
  };

  const figuresOf = async (pod: Pod, secret: string, maxAgeMs: number): Promise<PodFigures | undefined> => {
    const { uid = "", name } = pod.metadata;
    const last = known.get(uid);
    if (last !== undefined && now() - last.at <= maxAgeMs) return last.figures;
    const address = pod.status?.podIP;
    if (address === undefined) return undefined;
    try {
      const figures = await ask(address, secret);
      known.set(uid, { at: now(), figures });
      return figures;
    } catch (error) {
      onSilent(name, error);
      return undefined;
    }
  };

  return {
    read: async (revenprox, pods, maxAgeMs) => {
      forget();
      const proxies = pods.filter(isProxy);
      const secret = proxies.length === 0 ? undefined : await token(revenprox, "read");
      const figures = new Map<Pod, PodFigures | undefined>();
      if (secret !== undefined)
        await inTurns(proxies, async (pod) => void figures.set(pod, await figuresOf(pod, secret, maxAgeMs)));
      return proxies.map((pod) => loadOf(pod, figures.get(pod)));
    },
    known: (pods) => pods.filter(isProxy).map((pod) => loadOf(pod, known.get(pod.metadata.uid ?? "")?.figures)),
    lastOf: (uid) => known.get(uid)?.figures,
    shed: async (revenprox, pods, wishes) => {
      const secret = await token(revenprox, "admin");
      if (secret === undefined) return false;
      let taken = true;
      await inTurns(wishes, async ({ pod, streams, keep, ratePerSec }) => {
        const target: Pod | undefined = pods.find((each) => isProxy(each) && each.metadata.name === pod);
        const address = target?.status?.podIP;
        try {
          const body = { streams, keep, rate_per_sec: ratePerSec };
          const answer =
            address === undefined ? undefined : await call({ address, path: "/api/v1/shed", token: secret, body });
          if (answer?.status !== 202) taken = false;
          if (target?.metadata.uid !== undefined) known.delete(target.metadata.uid);
        } catch (error) {
          taken = false;
          onSilent(pod, error);
        }
      });
      return taken;
    },
  };
};
