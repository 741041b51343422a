import { Agent, request } from "node:http";
import type { ProxyTarget } from "../../chaos/load/client.ts";

export interface NumbersPlan {
  readonly topics: number;
  readonly perSecond: number;
}

/** Publishes 1, 2, 3 and so on to each topic in turn, each number until it is accepted and before the next of its topic. */
export interface Numbers {
  /** By topic, the last number that was accepted. */
  readonly published: readonly number[];
  /** Attempts after the first. */
  readonly again: number;
  /** Resolves when what was begun is accepted. */
  stop(): Promise<void>;
}

const tickMs = 20;
const attemptMs = 10_000;
const pauseMs = 200;

interface Parts {
  readonly agent: Agent;
  readonly key: string;
  readonly targets: () => readonly ProxyTarget[];
}

/** Whether the proxy accepted it. */
const attempt = ({ agent, key, targets }: Parts, topic: number, number: number): Promise<boolean> =>
  new Promise((resolve) => {
    const places = targets();
    const target = places[Math.floor(Math.random() * places.length)];
    if (target === undefined) {
      resolve(false);
      return;
    }
    const body = String(number);
    const headers = {
      Authorization: `Bearer ${key}`,
      "Idempotency-Key": `t${topic}-${number}`,
      "Content-Type": "text/plain",
      "Content-Length": body.length,
    };
    const options = {
      host: target.address,
      port: target.port,
      method: "POST",
      path: `/events/t${topic}`,
      headers,
      agent,
    };
    const sent = request({ ...options, timeout: attemptMs }, (response) => {
      response.resume();
      response.once("error", () => resolve(false));
      response.once("end", () => resolve(response.statusCode === 202));
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.once("error", () => resolve(false));
    sent.end(body);
  });

export const publishNumbers = (
  { topics, perSecond }: NumbersPlan,
  { key, targets }: { readonly key: string; readonly targets: () => readonly ProxyTarget[] },
): Numbers => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const published = Array.from({ length: topics }, () => 0);
  const busy = new Map<number, Promise<void>>();
  let [begun, again, next] = [0, 0, 0];
  const startedAt = performance.now();

  const publish = async (topic: number): Promise<void> => {
    const number = (published[topic] ?? 0) + 1;
    while (!(await attempt({ agent, key, targets }, topic, number))) {
      again += 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    published[topic] = number;
    busy.delete(topic);
  };

  const timer = setInterval(() => {
    for (; begun < ((performance.now() - startedAt) / 1_000) * perSecond; begun += 1) {
      const topic = next;
      next = (next + 1) % topics;
      if (!busy.has(topic)) busy.set(topic, publish(topic));
    }
  }, tickMs);

  return {
    published,
    get again() {
      return again;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(busy.values());
      agent.destroy();
    },
  };
};
