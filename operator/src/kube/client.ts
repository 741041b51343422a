import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { KubeError, KubeUnreachableError } from "./kube-error.ts";
import { ResettableAgent, whenConnected } from "./resettable-agent.ts";

export type Query = Readonly<Record<string, string | undefined>>;

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Absolute path without the query. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON, field for field. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Ends the call; what the kernel has not sent yet is thrown away. */
  readonly signal?: AbortSignal;
  /** Asked when the connection stands, right before the first byte leaves; false withholds the call. */
  readonly permit?: () => boolean;
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

/**
 * A client for the current context of `config`; tokens and certificates are read anew by client-node as they rotate.
 * `caller` stands in the audit log after the program's name.
 */
export const createKubeClient = (config: KubeConfig, caller?: string): KubeClient => {
  const userAgent = caller === undefined ? program : `${program} (${caller})`;
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      "the kubeconfig has no current cluster: set current-context, or run inside a pod with a ServiceAccount",
    );
  }
  const agent = new ResettableAgent({ keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS });
  const open = async (call: KubeRequest, limits: Limits): Promise<IncomingMessage> => {
    const options: RequestOptions = { headers: headersOf(call, userAgent) };
    await config.applyToHTTPSOptions(options);
    // client-node's own agent opens a connection a request; it is needed only to go through a proxy.
    if (cluster.proxyUrl === undefined) options.agent = agent;
    if (cluster.server.startsWith("http:")) delete options.agent;
    return exchange(urlOf(cluster.server, call), { ...options, method: call.method }, { call, limits });
  };
  return {
    request: async (call) => {
      const limits = { idleMs: REQUEST_TIMEOUT_MS, ...(call.signal === undefined ? {} : { signal: call.signal }) };
      const body = await textOf(await open(call, limits), call);
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

const program = "revenprox-operator";

const headersOf = (call: KubeRequest, userAgent: string): Record<string, string> => ({
  accept: call.accept ?? "application/json",
  "user-agent": userAgent,
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
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const request = send(url, { ...options, timeout: limits.idleMs }, (response) => {
      const status = response.statusCode ?? 0;
      if (status < 400) resolve(response);
      else textOf(response, call).then((text) => reject(new KubeError(status, text, describe(call))), reject);
    });
    // Of a DELETE Node would send the body without its length: the server takes it for the next request.
    if (body !== undefined) request.setHeader("content-length", Buffer.byteLength(body));
    const cut = (why: string) => {
      // Before the reset, which the request would tell as a hang-up.
      reject(unreachable(call, new Error(why)));
      if (request.socket !== null) ResettableAgent.reset(request.socket);
      request.destroy(new Error(why));
    };
    const ended = () => cut("it was ended by this side");
    limits.signal?.addEventListener("abort", ended, { once: true });
    request.on("close", () => limits.signal?.removeEventListener("abort", ended));
    request.on("timeout", () => cut(`no byte for ${limits.idleMs / 1000} s`));
    request.on("error", (error) => reject(unreachable(call, error)));
    if (limits.signal?.aborted === true) ended();
    else if (call.permit === undefined) request.end(body);
    else
      whenConnected(request, () =>
        call.permit?.() === false ? cut("it is not permitted any more") : request.end(body),
      );
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
