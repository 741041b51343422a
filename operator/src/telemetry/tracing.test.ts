import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { type PassTracing, startTracing } from "./tracing.ts";

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

/** What an OTLP/HTTP receiver is sent while `use` runs and until tracing has stopped. */
const sentBy = async (ratio: number, use: (tracing: PassTracing) => void): Promise<readonly SentSpan[]> => {
  const spans: SentSpan[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += String(part);
    const { resourceSpans } = JSON.parse(body) as {
      resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[] }[];
    };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const parts = { settings: { endpoint, ratio }, version: "1", instanceId: "operator-0", random: () => 0.5 };
  const tracing = await startTracing(parts);
  if (tracing === undefined) throw new Error("tracing is off");
  use(tracing);
  await tracing.stop();
  server.closeAllConnections();
  server.close();
  return spans;
};

test("a pass is a trace with its steps", async () => {
  const spans = await sentBy(1, (tracing) => {
    const pass = tracing.begin("reconcile", { namespace: "apps", name: "web" });
    pass?.step("apply", { "k8s.object.kind": "Deployment" }).end("created", false);
    pass?.end("done", false);
  });
  const [step, pass] = spans;
  expect(spans.map(({ name }) => name)).toEqual(["apply", "reconcile"]);
  expect([step?.traceId, step?.parentSpanId, pass?.parentSpanId]).toEqual([pass?.traceId, pass?.spanId, undefined]);
  expect(pass?.attributes).toContainEqual({ key: "revenprox.name", value: { stringValue: "web" } });
  expect(step?.attributes).toContainEqual({ key: "revenprox.outcome", value: { stringValue: "created" } });
});

test("only a share of the passes is recorded", async () => {
  expect(
    await sentBy(0.5, (tracing) =>
      expect(tracing.begin("reconcile", { namespace: "apps", name: "web" })).toBeUndefined(),
    ),
  ).toEqual([]);
});

test("without an endpoint there is no tracing", async () => {
  const settings = { endpoint: undefined, ratio: 1 };
  expect(await startTracing({ settings, version: "1", instanceId: "o", random: () => 0 })).toBeUndefined();
});
