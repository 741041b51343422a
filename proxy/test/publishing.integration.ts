import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type Environment, type ProxyProcess, startProxyProcess } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";
import { ready } from "./testing/with-nats.ts";

let nats: NatsProcess;
beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(() => nats.dispose());

interface Result {
  readonly id?: string;
  readonly error?: { readonly code: string };
}

interface Published extends Result {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly results?: readonly Result[];
}

const ndjson = { "content-type": "application/x-ndjson" };
const lines = (...events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

const journals: readonly (readonly [string, () => Environment])[] = [
  ["in the process", () => ({})],
  ["NATS", () => ({ REVENPROX_NATS__SERVERS: nats.url })],
];

describe.each(journals)("publishing, the journal %s", (_name, environment) => {
  let proxy: ProxyProcess;
  let topics = 0;
  beforeAll(async () => {
    proxy = await startProxyProcess({ ...environment(), REVENPROX_HTTP__MAX_EVENT_SIZE: "2048" });
    await ready(proxy);
  });
  afterAll(() => proxy.stop());

  const topic = (): string => {
    topics += 1;
    return `topic-${topics}`;
  };
  const publish = async (to: string, body: string, headers: Record<string, string> = {}): Promise<Published> => {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/events/${to}`, { method: "POST", body, headers });
    return { status: response.status, ...((await response.json()) as Result) };
  };
  /** Ids and data that a stream gets until `last`. */
  const received = async (to: string, after: string, last: string): Promise<readonly string[]> => {
    const stream = openStream(proxy.port, `/events/${to}`, { "Last-Event-ID": after });
    const text = await stream.waitFor(`data: ${last}\n\n`);
    stream.close();
    return [...text.matchAll(/^id: (\S+)\n(?:event: .*\n)?(?:retry: .*\n)?data: (.*)$/gm)].map(
      ([, id, data]) => `${id} ${data}`,
    );
  };

  test("a batch is stored in its order under the ids of the answer", async () => {
    const to = topic();
    const { id: before = "" } = await publish(to, "before");
    const { status, results = [] } = await publish(
      to,
      lines({ data: "1" }, { data: "2", event: "note", retry: 5_000 }, { data: "" }, { data: "end" }),
      ndjson,
    );
    expect([status, results.length]).toEqual([202, 4]);
    expect(await received(to, before, "end")).toEqual(
      ["1", "2", "", "end"].map((data, index) => `${results[index]?.id} ${data}`),
    );
  });

  test("a batch of as many events as are allowed", async () => {
    const { status, results = [] } = await publish(
      topic(),
      lines(...Array.from({ length: 1_000 }, (_, index) => ({ data: String(index) }))),
      ndjson,
    );
    expect([status, new Set(results.map(({ id }) => id)).size]).toEqual([202, 1_000]);
  });

  test("one line that cannot be read refuses all of them, and is named", async () => {
    const to = topic();
    const { id: before = "" } = await publish(to, "before");
    expect(await publish(to, `${lines({ data: "1" })}{"data":2}\n`, ndjson)).toMatchObject({
      status: 400,
      code: "event_invalid",
      detail: "line 2: data must be a string",
    });
    await publish(to, "after");
    expect(await received(to, before, "after")).toHaveLength(1);
  });

  test("the same key and event: stored once; another event: a conflict; another topic: another key", async () => {
    const to = topic();
    const { id: before = "" } = await publish(to, "before");
    const key = { "idempotency-key": "order-1" };
    const first = await publish(to, "one", key);
    expect(first).toMatchObject({ status: 202, id: expect.any(String) });
    expect(await publish(to, "one", key)).toEqual(first);
    expect(await publish(to, "two", key)).toMatchObject({ status: 422, code: "idempotency_conflict" });
    const json = { ...key, "content-type": "application/json" };
    expect(await publish(to, '{"data":"one"}', json)).toEqual(first);
    expect(await publish(to, '{"data":"one","event":"x"}', json)).toMatchObject({ status: 422 });
    expect(await publish(topic(), "two", key)).toMatchObject({ status: 202 });
    await publish(to, "end");
    expect(await received(to, before, "end")).toHaveLength(2);
  });

  test("the same key at the same moment is stored once", async () => {
    const to = topic();
    const key = { "idempotency-key": "order-2" };
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => publish(to, "one", key)));
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(1);
  });

  test("a batch with a key can be repeated, whole or in part, without storing a line twice", async () => {
    const to = topic();
    const { id: before = "" } = await publish(to, "before");
    const headers = { ...ndjson, "idempotency-key": "batch-1" };
    const first = await publish(to, lines({ data: "1" }, { data: "2" }), headers);
    const again = await publish(to, lines({ data: "1" }, { data: "2" }, { data: "end" }), headers);
    expect(again.results?.slice(0, 2)).toEqual(first.results);
    expect(await received(to, before, "end")).toHaveLength(3);
  });

  test("keys of lines: each line has its own result", async () => {
    const to = topic();
    const { results: first = [] } = await publish(to, lines({ data: "1", idempotency_key: "a" }), ndjson);
    const { status, results = [] } = await publish(
      to,
      lines(
        { data: "1", idempotency_key: "a" },
        { data: "other", idempotency_key: "a" },
        { data: "3", idempotency_key: "c" },
      ),
      ndjson,
    );
    expect(status).toBe(202);
    expect(results.map(({ id, error }) => error?.code ?? id)).toEqual([
      first[0]?.id,
      "idempotency_conflict",
      expect.any(String),
    ]);
  });

  test.each(["x".repeat(256), "with space", "a\u00fcb"])("the key %j is refused", async (key) => {
    expect(await publish(topic(), "x", { "idempotency-key": key })).toMatchObject({
      status: 400,
      code: "idempotency_key_invalid",
    });
  });
});
