import { type Publication, sequenceOf } from "../check/record.ts";
import { publishSecret } from "../fleet/proxy-node.ts";
import type { ProxyTarget } from "../load/client.ts";
import { eventData } from "../load/event-data.ts";
import { topicName } from "../plan.ts";

export interface PublishAllParts {
  readonly target: ProxyTarget;
  readonly topics: number;
  /** Keys of the events of a topic, in their order. */
  readonly keysOf: (topic: number) => readonly string[];
  readonly write: (publication: Publication) => void;
}

const together = 8;
const eventBytes = 200;
const attempts = 20;

/** Publishes to every topic, one batch each. Rejects when a proxy refuses one for good. */
export const publishAll = async (parts: PublishAllParts): Promise<void> => {
  const left = Array.from({ length: parts.topics }, (_, topic) => topic);
  const publishSome = async (): Promise<void> => {
    for (let topic = left.shift(); topic !== undefined; topic = left.shift()) await publishTopic(parts, topic);
  };
  await Promise.all(Array.from({ length: together }, publishSome));
};

const publishTopic = async ({ target, keysOf, write }: PublishAllParts, topic: number): Promise<void> => {
  const keys = keysOf(topic);
  const body = keys.map((key) => JSON.stringify({ data: eventData(key, eventBytes) })).join("\n");
  const url = `http://${target.address}:${target.port}/events/${topicName(topic)}`;
  const headers = {
    authorization: `Bearer ${publishSecret}`,
    "content-type": "application/x-ndjson",
    // Lines get keys of their own from it, so a repetition stores nothing twice.
    "idempotency-key": `batch-${keys.join("-").slice(0, 200)}`,
  };
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, { method: "POST", body, headers });
    const answer = (await response.json()) as { readonly results?: readonly { readonly id?: string }[] };
    const ids = answer.results?.map(({ id }) => id) ?? [];
    if (response.status === 202 && ids.length === keys.length && !ids.includes(undefined)) {
      for (const [index, key] of keys.entries()) {
        const sequence = sequenceOf(ids[index] ?? "");
        write({ key, topic, outcome: "accepted", sequence, note: `${attempt} tries` });
      }
      return;
    }
    if (attempt === attempts) throw new Error(`POST ${url} answered ${response.status}: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};
