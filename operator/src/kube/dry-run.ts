import type { RecordedWrite } from "../plan/recorded-write.ts";
import type { KubernetesObject } from "../reconcile/ports.ts";
import type { KubeClient, KubeRequest } from "./client.ts";
import { secretKind } from "./kinds.ts";
import { isStatus } from "./kube-error.ts";
import { refOf } from "./object.ts";

/** A client whose writes change nothing, and what they would have done. */
export interface DryRun {
  readonly client: KubeClient;
  /** In the order of writing; of several writes to an object the last one. */
  readonly writes: () => readonly RecordedWrite[];
}

/** The server takes the options of a DELETE from its body, and then does not look at the query. */
const asDryRun = (call: KubeRequest): KubeRequest => ({
  ...call,
  query: { ...call.query, dryRun: "All" },
  ...(call.method === "DELETE" ? { body: { ...(call.body as object), dryRun: ["All"] } } : {}),
});

type Ports = readonly { readonly name?: string; readonly nodePort?: unknown }[];

const portsOf = (object: unknown): Ports =>
  (object as { readonly spec?: { readonly ports?: Ports } }).spec?.ports ?? [];

/** A port of the nodes that nobody asked for is another one at each try: it is no part of a plan. */
const withoutLots = (object: KubernetesObject, sent: unknown): KubernetesObject => {
  if (object.kind !== "Service") return object;
  const asked = new Set(portsOf(sent).flatMap(({ name, nodePort }) => (nodePort === undefined ? [] : [name])));
  const ports = portsOf(object).map(({ nodePort, ...port }) => {
    if (nodePort === undefined) return port;
    return { ...port, nodePort: asked.has(port.name) ? nodePort : "any free one" };
  });
  const { healthCheckNodePort, ...spec } = object["spec"] as Readonly<Record<string, unknown>>;
  return {
    ...object,
    spec: { ...spec, ports, ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort: "any free one" }) },
  };
};

/** What was not stored has no version yet, without which it would be taken for no object. */
const versioned = (answer: KubernetesObject): KubernetesObject => ({
  ...answer,
  metadata: { ...answer.metadata, resourceVersion: answer.metadata?.resourceVersion ?? "0" },
});

const recorded = (
  { method, body }: KubeRequest,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
): RecordedWrite => {
  const isDelete = method === "DELETE";
  const ref = refOf(before ?? after);
  const action = isDelete ? "Delete" : before === undefined ? "Create" : "Change";
  if (ref.kind === secretKind.kind) return { ref, action };
  return {
    ref,
    action,
    ...(before === undefined ? {} : { before: withoutLots(before, body) }),
    ...(isDelete ? {} : { after: withoutLots(after, body) }),
  };
};

/** `client`, with every write as a server-side dry run: checked, defaulted and admitted, but not stored. */
export const dryRunClient = (client: KubeClient): DryRun => {
  const writes = new Map<string, RecordedWrite>();
  const read = async ({ path }: KubeRequest): Promise<KubernetesObject | undefined> => {
    try {
      return (await client.request({ method: "GET", path })) as KubernetesObject;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };
  return {
    writes: () => [...writes.values()],
    client: {
      ...client,
      request: async (call) => {
        if (call.method === "GET") return client.request(call);
        const before = call.method === "POST" ? undefined : await read(call);
        const answer = await client.request(asDryRun(call));
        const write = recorded(call, before, answer as KubernetesObject);
        writes.set(`${write.ref.kind} ${write.ref.name}`, write);
        return call.method === "DELETE" ? answer : versioned(answer as KubernetesObject);
      },
    },
  };
};
