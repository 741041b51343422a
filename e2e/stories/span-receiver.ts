import { otlpReceiverImage } from "@revenprox/cluster";
import type { Instance } from "../environment/instance.ts";

/** A span as it arrived; ids in hex, `parentSpanId` empty for the first of its trace. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `service.instance.id` of who sent it. */
  readonly sender: unknown;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

type SentSpan = Omit<ReceivedSpan, "attributes" | "sender" | "parentSpanId"> & {
  readonly parentSpanId?: string;
  readonly attributes?: readonly KeyValue[];
};

/** One request in the JSON encoding of OTLP. */
interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

const record = (attributes: readonly KeyValue[] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const spansOf = (line: string): readonly ReceivedSpan[] =>
  (JSON.parse(line) as Batch).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, parentSpanId = "", ...span }) => ({
        ...span,
        parentSpanId,
        attributes: record(attributes),
        sender: record(resource.attributes)["service.instance.id"],
      })),
    ),
  );

const name = "otlp-receiver";
const port = 4_318;
const labels = { app: name };

/** The OTLP receiver of the OpenTelemetry Collector in a pod. */
export interface SpanReceiver {
  /** What `spec.tracing.endpoint` is set to. */
  readonly endpoint: string;
  /** All that it has taken so far. */
  spans(): Promise<readonly ReceivedSpan[]>;
}

/** Starts the receiver in the namespace of `instance` and waits until it listens. */
export const installSpanReceiver = async ({ kubectl, namespace }: Instance): Promise<SpanReceiver> => {
  const { name: image } = await otlpReceiverImage();
  const container = {
    name,
    image,
    args: [`0.0.0.0:${port}`],
    ports: [{ containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 1 } };
  const objects = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    },
    { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: labels, ports: [{ port }] } },
  ];
  for (const object of objects) await kubectl(["apply", "--filename", "-"], JSON.stringify(object));
  await kubectl(["rollout", "status", `deployment/${name}`, "--timeout=120s"]);
  return {
    endpoint: `http://${name}.${namespace}.svc.cluster.local:${port}`,
    spans: async () => {
      const lines = (await kubectl(["logs", `deployment/${name}`, "--tail=-1"])).split("\n");
      // Its one line of its own is not JSON.
      return lines.filter((line) => line.startsWith("{")).flatMap(spansOf);
    },
  };
};
