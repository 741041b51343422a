import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsPermissions, natsSubjects, natsUsers } from "@revenprox/contract/nats-subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { withFolder } from "./testing/effect-row.ts";
import { placedStreams } from "./testing/placed-streams.ts";
import { type Environment, type ProxyProcess, runProxy, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { ready, withNats } from "./testing/with-nats.ts";

const offEnvironment: Environment = {
  REVENPROX_JOURNAL__ENABLED: "false",
  REVENPROX_JOURNAL__INTEREST_LINGER_SEC: "0",
  REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "1",
  REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
  REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "4",
};

let nats: NatsProcess;
const proxies: ProxyProcess[] = [];

beforeAll(async () => {
  nats = await startNats({ program: await natsServer(), jetstream: false });
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await nats.dispose();
});

const startOne = async (id: string, environment: Environment = {}): Promise<ProxyProcess> => {
  const proxy = await startProxyProcess({
    ...offEnvironment,
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    ...environment,
  });
  proxies.push(proxy);
  return proxy;
};

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly id?: string; readonly results?: readonly object[] };
}

const post = async (
  { port }: ProxyProcess,
  topic: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => {
  const response = await fetch(`http://127.0.0.1:${port}/events/${topic}`, { method: "POST", body, headers });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
};

const health = async ({ port }: ProxyProcess): Promise<{ status: string; reasons?: readonly string[] }> =>
  (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as { status: string };

const hasHealth = (proxy: ProxyProcess, status: string): Promise<true> =>
  until(`${status} health`, async () => ((await health(proxy)).status === status ? true : undefined));

const dataIn = (text: string): readonly string[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
const gapsIn = (text: string): readonly object[] =>
  [...text.matchAll(/^event: revenprox\.gap\ndata: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as object);

const isOpen = (stream: RawStream): Promise<string> => stream.waitFor("retry: ");

const areHeard = (streams: readonly RawStream[], ...at: readonly ProxyProcess[]): Promise<unknown> =>
  Promise.all([...streams.map(isOpen), ...at.map((proxy) => placedStreams(proxy))]);

test("with a NATS that has no JetStream: healthy, at once on all proxies, in order, without ids, and no stream is made", async () => {
  const [a, b] = await Promise.all([startOne("a"), startOne("b")]);
  await Promise.all([ready(a), ready(b)]);
  await Promise.all([hasHealth(a, "healthy"), hasHealth(b, "healthy")]);
  const streams = [openStream(a.port, "/events/shared"), openStream(b.port, "/events/shared")];
  const many = openStream(b.port, "/events?topic=shared&topic=other&envelope=json");
  await areHeard([...streams, many], a, b);
  const numbers = Array.from({ length: 200 }, (_, index) => `event ${index}.`);
  for (const data of numbers) expect(await post(a, "shared", data)).toEqual({ status: 202, body: {} });
  const batch = '{"data":"one"}\n{"data":"two","event":"note"}\n';
  expect(await post(b, "other", batch, { "Content-Type": "application/x-ndjson" })).toEqual({
    status: 202,
    body: { results: [{}, {}] },
  });
  await Promise.all(streams.map((stream) => stream.waitFor("event 199.\n\n")));
  for (const stream of streams) expect(dataIn(stream.text()).slice(-numbers.length)).toEqual(numbers);
  await many.waitFor('{"topic":"other","event":"note","data":"two"}');
  await many.waitFor("\n\n:\n\n");
  for (const stream of [...streams, many]) {
    expect(stream.text()).not.toMatch(/^id/m);
    // Only where the answer came before the topic was followed, and so before all events.
    expect(stream.text().slice(stream.text().indexOf("data: event 0."))).not.toContain("gap");
    stream.close();
  }
  await until("the peers to know each other", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${a.port}/metrics`)).text();
    return metrics.includes("\nrevenprox_peers_connected 1\n") ? true : undefined;
  });
});

test("a publisher straight at NATS reaches streams as core NATS does; what is no event is skipped and counted", async () => {
  const proxy = await startOne("direct");
  await ready(proxy);
  const stream = openStream(proxy.port, "/events/direct");
  await areHeard([stream], proxy);
  const subject = natsSubjects("default").in(createHash("sha256").update("direct").digest("hex").slice(0, 32));
  const publisher = await connect({ servers: nats.url, reconnect: false });
  publisher.publish(subject, new Uint8Array([0xff, 0xfe]));
  publisher.publish(subject, "from elsewhere");
  await publisher.flush();
  await stream.waitFor("data: from elsewhere\n\n");
  expect(dataIn(stream.text()).at(-1)).toBe("from elsewhere");
  const metrics = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  expect(metrics).toContain("\nrevenprox_malformed_messages_total 1\n");
  expect(metrics).toMatch(/\nrevenprox_message_latency_ms_count 1\n/);
  await publisher.close();
  stream.close();
});

test("what needs a past is refused, and an id is answered with a gap", async () => {
  const proxy = await startOne("past");
  await ready(proxy);
  const { port } = proxy;
  for (const query of ["last=3", "since=2026-01-31T12:00:00Z"]) {
    const response = await fetch(`http://127.0.0.1:${port}/events/past?${query}`);
    expect([response.status, ((await response.json()) as Answer["body"]).code]).toEqual([400, "journal_off"]);
  }
  const refused = { status: 400, body: { code: "journal_off" } };
  expect(await post(proxy, "past", "x", { "Idempotency-Key": "k" })).toMatchObject(refused);
  const keyed = '{"data":"one"}\n{"data":"two","idempotency_key":"k"}\n';
  expect(await post(proxy, "past", keyed, { "Content-Type": "application/x-ndjson" })).toMatchObject(refused);
  const from = "1703894400000-001";
  const stream = openStream(port, "/events/past", { "Last-Event-ID": from });
  await stream.waitFor("revenprox.gap");
  expect((await post(proxy, "past", "after")).status).toBe(202);
  await stream.waitFor("data: after\n\n");
  expect(gapsIn(stream.text())).toEqual([{ topic: "past", from, to: null, reason: "not_stored", recoverable: false }]);
  stream.close();
});

test("while NATS is away publishes are refused, streams stay, and all are told what nobody heard", async () => {
  const [a, b] = await Promise.all([startOne("away-a"), startOne("away-b")]);
  await Promise.all([ready(a), ready(b)]);
  const streams = [openStream(a.port, "/events/away"), openStream(b.port, "/events?topic=away&topic=quiet")];
  await areHeard(streams, a, b);
  const answers: { readonly number: number; readonly status: number; readonly code: string | undefined }[] = [];
  let publishing = true;
  const loop = (async () => {
    for (let number = 1; publishing; number += 1) {
      const { status, body } = await post(a, "away", `number ${number}.`);
      answers.push({ number, status, code: body.code });
    }
  })();
  await until("some publishes", () => answers.length > 100 || undefined);
  await nats.kill();
  await hasHealth(a, "degraded");
  expect(await health(a)).toMatchObject({ status: "degraded", reasons: ["nats"] });
  await until("a refusal", () => answers.some(({ code }) => code === "journal_unavailable") || undefined);
  const late = openStream(b.port, "/events/away");
  await isOpen(late);
  await nats.restart();
  await Promise.all([hasHealth(a, "healthy"), hasHealth(b, "healthy")]);
  await Promise.all(streams.map((stream) => stream.waitFor('"reason":"not_stored"')));
  const accepted = answers.length;
  await until("more publishes", () => answers.length > accepted + 100 || undefined);
  publishing = false;
  await loop;
  const last = answers.at(-1)?.number;
  await Promise.all([...streams, late].map((stream) => stream.waitFor(`number ${last}.\n\n`)));

  const codes = new Set(answers.filter(({ status }) => status !== 202).map(({ status, code }) => `${status} ${code}`));
  for (const code of codes) expect(["503 journal_unavailable", "503 journal_unknown"]).toContain(code);
  const taken = answers.filter(({ status }) => status === 202).map(({ number }) => number);
  for (const stream of streams) {
    // On a busy machine the stream may begin with a gap, too.
    const text = stream.text().slice(stream.text().indexOf("data: number 1."));
    const [before = "", after = ""] = text.split(/event: revenprox\.gap\n[\s\S]*"reason":"not_stored".*\n\n/);
    const numbersIn = (text: string) => dataIn(text).map((data) => Number(data.slice("number ".length, -1)));
    const [heard, heardLater] = [numbersIn(before), numbersIn(after)];
    expect(heard.length).toBeGreaterThan(0);
    const [lastBefore = 0, firstAfter = 0] = [heard.at(-1), heardLater[0]];
    expect(heard).toEqual(answers.map(({ number }) => number).filter((number) => number <= lastBefore));
    // Outside of the gap nothing that was taken is missing.
    for (const number of taken.filter((each) => each >= firstAfter)) expect(heardLater).toContain(number);
    for (const { from, to, recoverable } of gapsIn(stream.text()) as { from: null; to: null; recoverable: boolean }[])
      expect([from, to, recoverable]).toEqual([null, null, false]);
    stream.close();
  }
  // It had the 200 when nobody could hear for it.
  expect(gapsIn(late.text())).toMatchObject([{ topic: "away", reason: "not_stored" }]);
  late.close();
});

test("a proxy that never reached NATS is not ready, and says what it waits for", async () => {
  const proxy = await startOne("nowhere", { REVENPROX_NATS__SERVERS: "nats://127.0.0.1:1" });
  const response = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
  expect([response.status, await response.json()]).toMatchObject([503, { reasons: ["NATS has not been reached yet"] }]);
  expect(await post(proxy, "a", "x")).toMatchObject({ status: 503, body: { code: "journal_unavailable" } });
});

test("a NATS user that may not listen to publishers makes the proxy degraded, and it hears once it may", async () => {
  await withFolder(async (folder) => {
    const passwordFile = `${folder}/password`;
    await writeFile(passwordFile, "secret\n");
    const users = (journal: boolean): string => {
      const { publish, denyPublish, subscribe } = natsPermissions("default", { journal }).proxy;
      const permissions = { publish: { allow: publish, deny: denyPublish }, subscribe: { allow: subscribe } };
      return `authorization { users: ${JSON.stringify([{ user: natsUsers.proxy, password: "secret", permissions }])} }`;
    };
    const strict = await startNats({ program: await natsServer(), jetstream: false, config: users(true) });
    try {
      const proxy = await startOne("deaf", {
        REVENPROX_NATS__SERVERS: strict.url,
        REVENPROX_NATS__USER: natsUsers.proxy,
        REVENPROX_NATS__PASSWORD_FILE: passwordFile,
      });
      await ready(proxy);
      const stream = openStream(proxy.port, "/events/deaf");
      await isOpen(stream);
      await hasHealth(proxy, "degraded");
      expect((await health(proxy)).reasons?.join()).toContain("….in.*");
      await strict.reload(users(false));
      await hasHealth(proxy, "healthy");
      await until("the stream to be followed", async () => {
        await post(proxy, "deaf", "heard");
        return stream.text().includes("data: heard\n\n") ? true : undefined;
      });
      // Its client had the 200 before.
      expect(gapsIn(stream.text())).toMatchObject([{ reason: "not_stored" }]);
      stream.close();
    } finally {
      await strict.dispose();
    }
  });
});

test("proxies with and without a journal understand each other while the change rolls out", async () => {
  await withNats(async ({ url }) => {
    const environment = { REVENPROX_NATS__SERVERS: url };
    const [off, on] = await Promise.all([
      startOne("rolled", environment),
      startOne("old", { ...environment, REVENPROX_JOURNAL__ENABLED: "true" }),
    ]);
    await Promise.all([ready(off), ready(on)]);
    const streams = [openStream(off.port, "/events/mixed"), openStream(on.port, "/events/mixed")];
    await areHeard(streams, off, on);
    expect(await post(off, "mixed", "not stored here")).toEqual({ status: 202, body: {} });
    await Promise.all(streams.map((stream) => stream.waitFor("data: not stored here\n\n")));
    expect((await post(on, "mixed", "stored")).body.id).toBeDefined();
    await Promise.all(streams.map((stream) => stream.waitFor("data: stored\n\n")));
    for (const stream of streams) {
      expect(dataIn(stream.text()).slice(-2)).toEqual(["not stored here", "stored"]);
      stream.close();
    }
  });
});

test("a policy that needs the journal is refused at the start, and keys that do nothing are named", async () => {
  const { code, output } = await runProxy([], {
    REVENPROX_JOURNAL__ENABLED: "false",
    REVENPROX_HTTP__BACKPRESSURE_POLICY: "block",
  });
  expect(code).toBe(2);
  expect(output).toMatch(/backpressure_policy.*block needs the journal/i);
  const proxy = await startOne("unused", {
    REVENPROX_JOURNAL__MAX_AGE_SEC: "600",
    REVENPROX_JOURNAL__MAX_REPLAYS: "2",
  });
  expect(proxy.output()).toContain("keys of [journal] do nothing: max_age_sec, max_replays");
});
