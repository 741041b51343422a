import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "./proxy-process.ts";

/** A span as it arrived; ids in hex, `parentSpanId` empty for the first of its trace. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** SpanKind of OTLP: 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

/** Takes traces over OTLP/HTTP in the JSON encoding, as the protocol's specification has it. */
export interface TraceReceiver {
  /** What `[tracing] endpoint` is set to. */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly requests: { readonly path: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[];
  /** Status of the answers from now on. */
  status: number;
  /** Waits until so many spans match. */
  waitFor(what: string, count: number, matches: (span: ReceivedSpan) => boolean): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, "attributes" | "resource" | "failed" | "parentSpanId"> & {
        readonly parentSpanId?: string;
        readonly attributes?: readonly KeyValue[];
        readonly status?: { readonly code?: number };
      })[];
    }[];
  }[];
}

const record = (attributes: readonly KeyValue[] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [type, content] = Object.entries(value)[0] ?? [];
      return [key, type === "intValue" ? Number(content) : content];
    }),
  );

/** The spans of one request in the JSON encoding. */
export const spansOf = (body: string): readonly ReceivedSpan[] =>
  (JSON.parse(body) as Request).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, status, parentSpanId, ...span }) => {
        if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId))
          throw new Error(`a span has no valid ids: ${JSON.stringify(span)}`);
        return {
          ...span,
          parentSpanId: parentSpanId ?? "",
          attributes: record(attributes),
          resource: record(resource.attributes),
          failed: status?.code === 2,
        };
      }),
    ),
  );

export const startTraceReceiver = async (): Promise<TraceReceiver> => {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    receiver.requests.push({ path: request.url ?? "", headers: request.headers, body });
    if (receiver.status === 200) receiver.spans.push(...spansOf(body));
    response.writeHead(receiver.status, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: TraceReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    requests: [],
    status: 200,
    waitFor: (what, count, matches) =>
      until(
        what,
        () => {
          const found = receiver.spans.filter(matches);
          return found.length >= count ? found : undefined;
        },
        30_000,
      ),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
};
