import type { KubeClient, KubeRequest, KubeStream } from "../client.ts";
import type { ResourceKind } from "../kinds.ts";
import type { LiveObject } from "../object.ts";
import type { Scheduler } from "../work-queue.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export interface FakeScheduler extends Scheduler {
  /** Lets time pass and what was due run, then all that follows from it. */
  advance(ms: number): Promise<void>;
  /** Lets all pending callbacks run. */
  turn(): Promise<void>;
  /** Milliseconds of the timers that wait. */
  waiting(): readonly number[];
}

/** Time that stands still until it is told to pass; random numbers are as large as can be. */
export const fakeScheduler = (): FakeScheduler => {
  let now = 0;
  const timers = new Set<Timer>();
  const turn = async () => {
    for (let each = 0; each < 5; each++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    random: () => 1 - Number.EPSILON,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (ms) => {
      now += ms;
      for (const timer of [...timers].filter((each) => each.at <= now)) {
        timers.delete(timer);
        timer.run();
      }
      await turn();
    },
    turn,
    waiting: () => [...timers].map(({ at }) => at - now),
  };
};

export interface FakeServer {
  readonly client: KubeClient;
  /** `METHOD path?query` of each call, the query in the order it was given. */
  readonly calls: readonly string[];
}

type Answer = (call: KubeRequest) => unknown;
type Lines = (call: KubeStream) => AsyncGenerator<string, void, undefined>;

/** A client whose answers come from functions; they throw as the real one does. */
export const fakeServer = (answer: Answer, lines?: Lines): FakeServer => {
  const calls: string[] = [];
  const noted = (method: string, { path, query = {} }: Pick<KubeRequest, "path" | "query">) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    calls.push(
      `${method} ${path}${given.length === 0 ? "" : `?${given.map(([key, value]) => `${key}=${value}`).join("&")}`}`,
    );
  };
  const client: KubeClient = {
    request: async (call) => {
      noted(call.method, call);
      return answer(call);
    },
    lines: (call) => {
      noted("WATCH", call);
      if (lines === undefined) throw new Error("this fake serves no watch");
      return lines(call);
    },
    close: () => undefined,
  };
  return { client, calls };
};

/** A live object of a kind with as little as possible. */
export const liveObject = (
  kind: ResourceKind,
  name: string,
  metadata: Partial<LiveObject["metadata"]> = {},
): LiveObject => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: { name, namespace: "n", uid: `uid-${name}`, resourceVersion: "1", ...metadata },
});

/** The ownerReference that makes the object of `uid` the controller. */
export const controlledBy = (uid: string, kind = "RevenProx", name = "r") => ({
  ownerReferences: [{ apiVersion: "revenprox.io/v1alpha1", kind, name, uid, controller: true }],
});
