import { Agent, request } from "node:http";

/** Publishes to proxies at a steady pace and tries each event again, under its key, until it is accepted. */
export interface Publisher {
  /** Ids of accepted events by their data. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Answers other than 202, and requests without one, by status and code. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Stops making new events and resolves when every one made was accepted; rejects after the deadline. */
  stop(deadlineMs?: number): Promise<void>;
}

export interface PublisherOptions {
  readonly ports: readonly number[];
  readonly topics: readonly string[];
  readonly perSecond: number;
  /** Begins each event's data; differs between publishers of one journal. */
  readonly name: string;
  /** Makes the events larger by so many bytes. */
  readonly padBytes?: number;
  /** Told each id as it comes. */
  readonly onAccepted?: (id: string) => void;
}

/** `unanswered`: nobody knows whether it was stored. */
type Answer = { readonly status: number; readonly body: string } | "unanswered";

const tickMs = 10;
const retryMs = 500;
/** While so many wait to be accepted, no new ones are made: in a long outage they would only pile up. */
const mostOpen = 500;
const answerTimeoutMs = 30_000;

interface Post {
  readonly port: number;
  readonly topic: string;
  readonly key: string;
  readonly data: string;
}

const post = (agent: Agent, { port, topic, key, data }: Post): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = { "Idempotency-Key": key, "Content-Length": Buffer.byteLength(data) };
    const options = { agent, host: "127.0.0.1", port, method: "POST", path: `/events/${topic}`, headers };
    const sent = request({ ...options, timeout: answerTimeoutMs }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => resolve("unanswered"));
    });
    sent.on("timeout", () => sent.destroy()).on("error", () => resolve("unanswered"));
    sent.end(data);
  });

const idIn = (body: string): string => (JSON.parse(body) as { readonly id: string }).id;
const codeIn = (body: string): string => (JSON.parse(body) as { readonly code: string }).code;

/** Starts to publish at once; events are dealt out to the ports and topics in turn. */
export const startPublisher = (options: PublisherOptions): Publisher => {
  const { ports, topics, perSecond, name, padBytes = 0, onAccepted } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const accepted = new Map<string, string>();
  const refusals = new Map<string, number>();
  const open = new Set<Promise<void>>();
  let lastTick = Date.now();
  let due = 0;
  let made = 0;
  let abandoned = false;

  const refused = (answer: Answer): void => {
    const why = answer === "unanswered" ? answer : `${answer.status} ${codeIn(answer.body)}`;
    refusals.set(why, (refusals.get(why) ?? 0) + 1);
  };
  const carryThrough = async (index: number): Promise<void> => {
    const key = `${name}-${index}`;
    const data = `${name} ${index}${padBytes > 0 ? ` ${"x".repeat(padBytes)}` : ""}`;
    const topic = topics[index % topics.length] ?? "";
    for (let attempt = 0; !abandoned; attempt += 1) {
      const port = ports[(index + attempt) % ports.length] ?? 0;
      const answer = await post(agent, { port, topic, key, data });
      if (answer !== "unanswered" && answer.status === 202) {
        accepted.set(data, idIn(answer.body));
        onAccepted?.(idIn(answer.body));
        return;
      }
      refused(answer);
      if (answer !== "unanswered" && answer.status < 500) throw new Error(`refused for good: ${answer.body}`);
      await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + Math.random())));
    }
  };
  const ticker = setInterval(() => {
    const now = Date.now();
    due = Math.min(perSecond, due + ((now - lastTick) / 1_000) * perSecond);
    lastTick = now;
    for (; due >= 1 && open.size < mostOpen; due -= 1, made += 1) {
      const going = carryThrough(made).finally(() => open.delete(going));
      open.add(going);
    }
  }, tickMs);

  return {
    accepted,
    refusals,
    stop: async (deadlineMs = 60_000) => {
      clearInterval(ticker);
      const deadline = setTimeout(() => {
        abandoned = true;
      }, deadlineMs);
      await Promise.all(open);
      clearTimeout(deadline);
      agent.destroy();
      if (accepted.size < made)
        throw new Error(`${made - accepted.size} events were never accepted: ${told(refusals)}`);
    },
  };
};

const told = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([why, count]) => `${count} × ${why}`).join(", ");
