import { headers as natsHeaders } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { topicIdOf } from "../src/edge/topic-id.ts";
import type { Topic } from "../src/hub/event.ts";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { startCollector } from "./testing/collector.ts";
import { type Environment, type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from "./testing/trace-receiver.ts";
import { startWebhook } from "./testing/webhook-server.ts";
import { ready } from "./testing/with-nats.ts";

let nats: NatsProcess;
let receiver: TraceReceiver;
const proxies: ProxyProcess[] = [];
const callerTrace = "0af7651916cd43dd8448eb211c80319c";
const callerSpan = "b7ad6b7169203331";
const parent = (sampled: boolean): string => `00-${callerTrace}-${callerSpan}-0${sampled ? 1 : 0}`;

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(() => nats.dispose());
beforeEach(async () => {
  receiver = await startTraceReceiver();
});
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  await receiver.close();
});

const startTraced = async (environment: Environment = {}): Promise<ProxyProcess> => {
  const proxy = await startProxyProcess({
    REVENPROX_TRACING__ENDPOINT: receiver.url,
    REVENPROX_TRACING__RATIO: "1",
    REVENPROX_TRACING__EXPORT_INTERVAL_MS: "100",
    ...environment,
  });
  proxies.push(proxy);
  return proxy;
};

const startOnBus = async (id: string, environment: Environment = {}): Promise<ProxyProcess> => {
  const proxy = await startTraced({
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    ...environment,
  });
  await ready(proxy);
  return proxy;
};

const sample = async (proxy: ProxyProcess, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`revenprox_${name} `))
      ?.split(" ")[1] ?? Number.NaN,
  );
};

const named = (name: string) => (span: ReceivedSpan) => span.name === name;
const at = (proxyId: string) => (span: ReceivedSpan) => span.resource["service.instance.id"] === proxyId;

/** `collector` is where spans go, `found` gives those that have arrived. */
const proveOneTrace = async (collector: string, found: () => readonly ReceivedSpan[]): Promise<void> => {
  const environment = {
    REVENPROX_TRACING__ENDPOINT: collector,
    REVENPROX_TRACING__TRUST_PARENT: "true",
    REVENPROX_TRACING__RATIO: "0",
  };
  const a = await startOnBus("trace-a", environment);
  const b = await startOnBus("trace-b", environment);
  const streams = [a, b, b, b].map((proxy) => openStream(proxy.port, "/events/secret-name"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  const id = await publish(a.port, "secret-name", "payload", { traceparent: parent(true) });
  await publish(a.port, "secret-name", "untraced", { traceparent: parent(false) });
  await publish(a.port, "secret-name", "untraced too");
  await Promise.all(streams.map((stream) => stream.waitFor("untraced too")));
  await until("both deliveries", () => (found().filter(named("deliver")).length >= 2 ? true : undefined), 60_000);
  // Whatever else is sent by mistake leaves with the next batch at the latest, when the proxies end.
  for (const proxy of [a, b]) proxy.child.kill("SIGTERM");
  await Promise.all([a.exited, b.exited]);
  const spans = found();

  const [request] = spans.filter(named("POST /events/{topic}"));
  const [append] = spans.filter(named("journal append"));
  const deliveries = spans.filter(named("deliver"));
  expect(spans).toHaveLength(4);
  expect(spans.every(({ traceId }) => traceId === callerTrace)).toBe(true);
  expect(request).toMatchObject({
    parentSpanId: callerSpan,
    kind: 2,
    attributes: { "http.request.method": "POST", "http.route": "/events/{topic}", "http.response.status_code": 202 },
  });
  const topicId = topicIdOf("secret-name" as Topic);
  expect(append).toMatchObject({
    parentSpanId: request?.spanId,
    kind: 4,
    attributes: { "messaging.destination.name": topicId, "messaging.message.id": id },
  });
  const delivered = (streams: number) => ({
    parentSpanId: append?.spanId,
    kind: 5,
    attributes: { "messaging.destination.name": topicId, "messaging.message.id": id, "revenprox.streams": streams },
  });
  expect(deliveries.filter(at("trace-a"))).toMatchObject([delivered(1)]);
  expect(deliveries.filter(at("trace-b"))).toMatchObject([delivered(3)]);
  expect(JSON.stringify(spans)).not.toContain("secret-name");
  for (const span of spans) expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
};

test("one trace leads from the publisher's header over the journal to every proxy that delivers, once for each", async () => {
  await proveOneTrace(receiver.url, () => receiver.spans);
  expect(receiver.requests.every(({ path }) => path === "/v1/traces")).toBe(true);
  expect(receiver.requests.map(({ body }) => body).join("")).not.toContain("secret-name");
});

test("the OpenTelemetry Collector's own receiver takes that trace", { timeout: 600_000 }, async () => {
  const collector = await startCollector();
  await proveOneTrace(collector.url, () => collector.spans());
  await collector.stop();
});

test("a publisher that goes straight to NATS: its flag counts with trust_parent only", async () => {
  const trusting = await startOnBus("trusting", {
    REVENPROX_TRACING__TRUST_PARENT: "true",
    REVENPROX_TRACING__RATIO: "0",
  });
  const wary = await startOnBus("wary", { REVENPROX_TRACING__RATIO: "0" });
  const streams = [trusting, wary].map((proxy) => openStream(proxy.port, "/events/direct"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  const client = await connect({ servers: nats.url });
  const header = natsHeaders();
  header.set("traceparent", parent(true));
  client.publish(natsSubjects("default").in(topicIdOf("direct" as Topic)), "direct event", { headers: header });
  await client.drain();
  await Promise.all(streams.map((stream) => stream.waitFor("direct event")));
  const [delivery] = await receiver.waitFor("the delivery", 1, named("deliver"));
  expect(delivery).toMatchObject({ traceId: callerTrace, parentSpanId: callerSpan });
  await publish(wary.port, "direct", "after it");
  await Promise.all(streams.map((stream) => stream.waitFor("after it")));
  expect(receiver.spans.map((span) => span.resource["service.instance.id"])).toEqual(["trusting"]);
});

test("ratio 0 traces nothing; a caller that is not trusted cannot change that, and its trace id goes on", async () => {
  const webhook = await startWebhook();
  const proxy = await startTraced({
    REVENPROX_TRACING__RATIO: "0",
    REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
    REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
  });
  await publish(proxy.port, "t", "x", { authorization: "Bearer token", traceparent: parent(true) });
  expect(webhook.calls.map(({ headers }) => headers["traceparent"])).toEqual([parent(false)]);
  await publish(proxy.port, "t2", "x", { authorization: "Bearer token" });
  expect(webhook.calls.map(({ headers }) => headers["traceparent"])).toEqual([parent(false), undefined]);
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
  expect(receiver.requests).toEqual([]);
  await webhook.close();
});

test("an untrusted caller's unsampled flag does not keep a chosen request out, and the id is the caller's", async () => {
  const proxy = await startTraced();
  await publish(proxy.port, "t", "x", { traceparent: parent(false) });
  const [request] = await receiver.waitFor("the request", 1, named("POST /events/{topic}"));
  expect(request).toMatchObject({ traceId: callerTrace, parentSpanId: callerSpan });
});

test("the webhook's call is a step of the request, and continues its trace; no token, query or topic is in any span", async () => {
  const webhook = await startWebhook();
  const proxy = await startTraced({
    REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
    REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
  });
  const stream = rawExchange(proxy.port, "GET /events/private-topic?token=token-secret HTTP/1.1\r\nHost: a\r\n\r\n");
  await stream.waitFor("id: ");
  const [call] = await receiver.waitFor("the webhook's call", 1, named("webhook"));
  const [request] = await receiver.waitFor("the request", 1, named("GET /events/{topic}"));
  expect(call).toMatchObject({
    parentSpanId: request?.spanId,
    traceId: request?.traceId,
    kind: 3,
    attributes: { "http.response.status_code": 200, "server.address": "127.0.0.1" },
  });
  expect(request).toMatchObject({ kind: 2, parentSpanId: "", attributes: { "http.response.status_code": 200 } });
  expect(webhook.calls[0]?.headers["traceparent"]).toBe(`00-${call?.traceId}-${call?.spanId}-01`);
  const sent = receiver.requests.map(({ body }) => body).join("");
  expect(sent).not.toMatch(/token-secret|private-topic/);
  stream.close();
  await webhook.close();
});

test("while the receiver is down streams go on, spans are bounded and counted, and it is told once in a while", async () => {
  receiver.status = 503;
  const proxy = await startTraced({
    REVENPROX_TRACING__MAX_QUEUE_SPANS: "50",
    REVENPROX_TRACING__TIMEOUT_MS: "500",
  });
  const stream = openStream(proxy.port, "/events/t");
  await stream.waitFor("id: ");
  for (let index = 0; index < 300; index += 1) await publish(proxy.port, "t", `event ${index}.`);
  await stream.waitFor("event 299.");
  const spans = 1 + 300 * 3;
  await until(
    "every span to be lost",
    async () => {
      const lost = await Promise.all(
        ["queue_full", "export_failed"].map((reason) => sample(proxy, `trace_spans_dropped_total{reason="${reason}"}`)),
      );
      return lost.reduce((sum, count) => sum + count, 0) === spans ? true : undefined;
    },
    30_000,
  );
  expect(await sample(proxy, "trace_spans_sent_total")).toBe(0);
  const told = proxy.output().match(/Spans cannot be delivered/g) ?? [];
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(10);

  receiver.status = 200;
  await publish(proxy.port, "t", "again");
  await receiver.waitFor("spans again", 3, () => true);
  stream.close();
});

/** Tells on standard output which modules of OpenTelemetry the process loads. */
const tellLoads = `--import=data:text/javascript,${encodeURIComponent(
  "import { registerHooks } from 'node:module';" +
    "registerHooks({ resolve: (name, context, next) => { if (name.startsWith('@opentelemetry')) console.log('LOADS ' + name); return next(name, context); } });",
)}`;

test.each([true, false])("OpenTelemetry is loaded only with an endpoint: %s", async (loaded) => {
  const environment: Environment = { NODE_OPTIONS: tellLoads };
  const proxy = await (loaded ? startTraced(environment) : startProxyProcess(environment));
  proxies.push(proxy);
  await publish(proxy.port, "t", "x", { traceparent: parent(true) });
  expect(proxy.output().includes("LOADS @opentelemetry/sdk-trace")).toBe(loaded);
});
