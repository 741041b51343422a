import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { KubeError, KubeUnreachableError } from "./kube-error.ts";

export type Query = Readonly<Record<string, string | undefined>>;

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Absolute path without the query. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON, field for field. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  readonly accept?: string;
}

export interface KubeStream {
  readonly path: string;
  readonly query: Query;
  readonly accept?: string;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the connection is taken for dead. */
  readonly idleMs: number;
}

/** Raw access to the Kubernetes API: JSON in, JSON out, so that no model can drop a field. */
export interface KubeClient {
  /** Throws KubeError on an answer of 400 and above, KubeUnreachableError when there is none in 30 s. */
  request(call: KubeRequest): Promise<unknown>;
  /** Lines of a watch as they come; ends when the server ends it, throws as `request` does. */
  lines(call: KubeStream): AsyncGenerator<string, void, undefined>;
  /** Closes idle connections. */
  close(): void;
}

const REQUEST_TIMEOUT_MS = 30_000;
const TCP_KEEPALIVE_MS = 30_000;

/** From `file`; without one from $KUBECONFIG, ~/.kube/config or the pod's ServiceAccount. */
export const loadKubeConfig = (file?: string): KubeConfig => {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromDefault();
  else config.loadFromFile(file);
  return config;
};

/** A client for the current context of `config`; tokens and certificates are read anew by client-node as they rotate. */
export const createKubeClient = (config: KubeConfig): KubeClient => {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      "the kubeconfig has no current cluster: set current-context, or run inside a pod with a ServiceAccount",
    );
  }
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS });
  const open = async (call: KubeRequest, limits: Limits): Promise<IncomingMessage> => {
    const options: RequestOptions = { headers: headersOf(call) };
    await config.applyToHTTPSOptions(options);
    // client-node's own agent opens a connection a request; it is needed only to go through a proxy.
    if (cluster.proxyUrl === undefined) options.agent = agent;
    if (cluster.server.startsWith("http:")) delete options.agent;
    return exchange(urlOf(cluster.server, call), { ...options, method: call.method }, { call, limits });
  };
  return {
    request: async (call) => {
      const body = await textOf(await open(call, { idleMs: REQUEST_TIMEOUT_MS }), call);
      return body === "" ? undefined : JSON.parse(body);
    },
    lines: async function* (call) {
      const watch: KubeRequest = { method: "GET", ...call };
      yield* linesOf(await open(watch, call), watch);
    },
    close: () => agent.destroy(),
  };
};

interface Limits {
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

const describe = (call: KubeRequest): string => `${call.method} ${call.path}`;

const headersOf = (call: KubeRequest): Record<string, string> => ({
  accept: call.accept ?? "application/json",
  "user-agent": "revenprox-operator",
  ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
});

const urlOf = (server: string, call: KubeRequest): URL => {
  const url = new URL(`${server.replace(/\/$/, "")}${call.path}`);
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, value);
  }
  return url;
};

const unreachable = (call: KubeRequest, cause: unknown): KubeUnreachableError =>
  new KubeUnreachableError(`${describe(call)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

/** Resolves with the answer once its headers are there and it is no refusal. */
const exchange = (
  url: URL,
  options: RequestOptions,
  { call, limits }: { readonly call: KubeRequest; readonly limits: Limits },
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === "http:" ? httpRequest : httpsRequest;
    const signal = limits.signal === undefined ? {} : { signal: limits.signal };
    const request = send(url, { ...options, ...signal, timeout: limits.idleMs }, (response) => {
      const status = response.statusCode ?? 0;
      if (status < 400) resolve(response);
      else textOf(response, call).then((body) => reject(new KubeError(status, body, describe(call))), reject);
    });
    request.on("timeout", () => request.destroy(new Error(`no byte for ${limits.idleMs / 1000} s`)));
    request.on("error", (error) => reject(unreachable(call, error)));
    request.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  });

const textOf = async (response: IncomingMessage, call: KubeRequest): Promise<string> => {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    throw unreachable(call, error);
  }
};

async function* linesOf(response: IncomingMessage, call: KubeRequest): AsyncGenerator<string, void, undefined> {
  response.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of response) {
      const pieces = (rest + String(chunk)).split("\n");
      rest = pieces.pop() ?? "";
      yield* pieces.filter((line) => line !== "");
    }
  } catch (error) {
    throw unreachable(call, error);
  } finally {
    response.destroy();
  }
}
