import { setTimeout as delay } from "node:timers/promises";
import { publish } from "../../environment/sse-client.ts";
import { openCrowd, openReader } from "./reader.ts";
import { repeat } from "./repeat.ts";

const topics = Array.from({ length: 20 }, (_, index) => `news/${index}`);
const topicOf = (round: number): string => topics[round % topics.length] as string;

export interface LoadOptions {
  /** Of the proxies. */
  readonly origins: readonly string[];
  readonly publishKey: string;
  /** Streams that stay open all the time. */
  readonly streams: number;
}

export interface EverydayLoad {
  /** Ends all of it. Rejects when something went otherwise than in everyday life. */
  stop(): Promise<void>;
}

const mustBe = (what: string, status: number, expected: number): void => {
  if (status !== expected) throw new Error(`${what} was answered with ${status}, not ${expected}`);
};

/**
 * What a healthy system sees: events, streams that come, go and resume, good tokens, and now and then somebody with a
 * wrong one or with none.
 */
export const startEverydayLoad = async ({ origins, publishKey, streams }: LoadOptions): Promise<EverydayLoad> => {
  const originOf = (round: number): string => origins[round % origins.length] as string;
  const crowd = await openCrowd(origins, streams, topics);
  let lastId: string | undefined;

  const publishing = repeat(40, async (round) => {
    const data = JSON.stringify({ round, text: "x".repeat(200) });
    const id = await publish(originOf(round), topicOf(round), data, publishKey);
    if (round % topics.length === 0) lastId = id;
  });
  const resuming = repeat(400, async (round) => {
    const resumed = { topic: topicOf(0), ...(lastId === undefined ? {} : { lastEventId: lastId }) };
    const reader = await openReader(originOf(round), resumed);
    mustBe("a stream that comes back", reader.status, 200);
    await delay(1_500);
    reader.close();
    await reader.ended;
  });
  const verified = repeat(500, async (round) => {
    const reader = await openReader(originOf(round), { topic: topicOf(round), token: `good-${round % 8}` });
    mustBe("a good token", reader.status, 200);
    await delay(1_000);
    reader.close();
    await reader.ended;
  });
  const strangers = repeat(1_000, async (round) => {
    const reader = await openReader(originOf(round), { topic: topicOf(round), token: `bad-${round}` });
    mustBe("a bad token", reader.status, 403);
    const answer = await fetch(`${originOf(round)}/events/${topicOf(round)}`, { method: "POST", body: "x" });
    await answer.text();
    mustBe("a publish without a key", answer.status, 401);
  });

  return {
    async stop() {
      const stopped = await Promise.allSettled([publishing, resuming, verified, strangers].map((each) => each.stop()));
      for (const reader of crowd) reader.close();
      for (const each of stopped) if (each.status === "rejected") throw each.reason;
    },
  };
};
