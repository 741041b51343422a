import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ResourceEvent } from "../reconcile/transitions.ts";
import type { KubeClient } from "./client.ts";
import { pathOf } from "./kinds.ts";
import { isEndOfNamespace, isStatus } from "./kube-error.ts";

const eventKind = { apiVersion: "v1", kind: "Event", plural: "events" };
/** The same event again within this time only raises its count, or is left out when it tells of a lasting state. */
const REPEAT_MS = 600_000;
const MAX_REMEMBERED = 1_000;
/** Limit of the API server. */
const MAX_MESSAGE_LENGTH = 1_024;

export interface EventDependencies {
  readonly client: KubeClient;
  readonly manager: string;
  readonly clock: () => Date;
  /** Told when an event could not be written; nothing else depends on events. */
  readonly onLost: (event: ResourceEvent, error: unknown) => void;
}

/** Writes events that `kubectl describe` shows with the resource. Never throws. */
export type EventRecorder = (revenprox: RevenProx, event: ResourceEvent) => Promise<void>;

interface Remembered {
  readonly name: string;
  readonly count: number;
  readonly lastAt: number;
}

export const createEventRecorder = ({ client, manager, clock, onLost }: EventDependencies): EventRecorder => {
  const remembered = new Map<string, Remembered>();
  let written = 0;

  const remember = (key: string, event: Remembered): void => {
    remembered.delete(key);
    remembered.set(key, event);
    const oldest = remembered.size > MAX_REMEMBERED ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
  };

  const repeat = async (namespace: string, known: Remembered, now: Date): Promise<boolean> => {
    try {
      await client.request({
        method: "PATCH",
        path: pathOf(eventKind, namespace, known.name),
        contentType: "application/merge-patch+json",
        body: { count: known.count + 1, lastTimestamp: seconds(now) },
      });
      return true;
    } catch (error) {
      // Events expire after an hour; then a new one is due.
      if (isStatus(error, 404)) return false;
      throw error;
    }
  };

  return async (revenprox, event) => {
    const { namespace, name, uid } = revenprox.metadata;
    const key = [uid, event.reason, event.message].join("\n");
    const now = clock();
    const known = remembered.get(key);
    const isRepeat = known !== undefined && now.getTime() - known.lastAt < REPEAT_MS;
    if (isRepeat && event.lasting === true) return;
    try {
      if (isRepeat && (await repeat(namespace, known, now))) {
        remember(key, { ...known, count: known.count + 1, lastAt: now.getTime() });
        return;
      }
      const eventName = `${name}.${now.getTime().toString(16)}.${(written++).toString(16)}`;
      await client.request({
        method: "POST",
        path: pathOf(eventKind, namespace),
        body: bodyOf({ revenprox, event, eventName, manager, now }),
      });
      remember(key, { name: eventName, count: 1, lastAt: now.getTime() });
    } catch (error) {
      // With its namespace everybody who could have read the event goes as well.
      if (!isEndOfNamespace(error)) onLost(event, error);
    }
  };
};

const seconds = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

const bodyOf = ({
  revenprox,
  event,
  eventName,
  manager,
  now,
}: {
  readonly revenprox: RevenProx;
  readonly event: ResourceEvent;
  readonly eventName: string;
  readonly manager: string;
  readonly now: Date;
}) => {
  const { namespace, name, uid, resourceVersion } = revenprox.metadata;
  return {
    apiVersion: eventKind.apiVersion,
    kind: eventKind.kind,
    metadata: { name: eventName, namespace },
    involvedObject: {
      apiVersion: revenproxApi.apiVersion,
      kind: revenproxApi.kind,
      namespace,
      name,
      uid,
      resourceVersion,
    },
    type: event.type,
    reason: event.reason,
    message: event.message.slice(0, MAX_MESSAGE_LENGTH),
    source: { component: manager },
    reportingComponent: manager,
    firstTimestamp: seconds(now),
    lastTimestamp: seconds(now),
    count: 1,
  };
};
