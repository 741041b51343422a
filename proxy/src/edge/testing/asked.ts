import type { Answer, ResponseHeaders } from "../../http/answer.ts";
import { problemAnswer } from "../../http/problem.ts";
import { type DataPlaneParts, dataPlane } from "../data-plane.ts";
import type { Body, Exchange, RequestHeader } from "../exchange.ts";

export const silent = () => undefined;
export const streamBounds = { maxTopicsPerStream: 3, maxReplayEvents: 10 };

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Partial<Record<RequestHeader, string>>;
  readonly body?: Body | string;
}

export const callers = { allowQueryToken: () => true, clientOf: () => "127.0.0.1" };
export const readers: DataPlaneParts["readers"] = {
  access: { forSubscribe: async () => ({ kind: "allowed", token: undefined, watch: () => ({ release: silent }) }) },
  callers,
  retryMs: () => 2_000,
};

export const parts = (changes: Partial<DataPlaneParts> = {}): DataPlaneParts => ({
  hub: {
    open: () => ({ writable: silent, closed: silent }),
    publish: async () => ({ kind: "stored", cursor: { epoch: 1_703_894_400_000, sequence: 1 } }),
    publishBatch: async () => ({ kind: "unavailable" }),
  },
  access: { kind: "open" },
  readers,
  settings: () => ({ maxEventSize: 1_024, maxBatchEvents: 3, corsAllowedOrigins: "*", ...streamBounds }),
  health: () => ({ status: "healthy", connections: 0, uptime_seconds: 0 }),
  metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "m 1\n" }),
  refuse: problemAnswer,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  ...changes,
});

type Got = Answer & { readonly streamed: boolean };

export const ask = (asked: Asked, changes: Partial<DataPlaneParts> = {}): Promise<Got> =>
  new Promise((resolve) => {
    const body = asked.body ?? "";
    const exchange: Exchange = {
      method: asked.method ?? "GET",
      path: asked.path,
      query: asked.query ?? "",
      header: (name) => asked.headers?.[name],
      origin: () => ({ peer: "127.0.0.1", proxied: undefined, forwardedFor: undefined, forwarded: undefined }),
      readBody: (_limit, use) =>
        use(typeof body === "string" ? { kind: "bytes", bytes: new TextEncoder().encode(body) } : body),
      respond: (answer) => resolve({ ...answer, streamed: false }),
      stream: (headers: ResponseHeaders, opener) => {
        const opened = opener.open({ write: () => true, end: silent });
        resolve(
          "writable" in opened ? { status: 200, headers, body: "", streamed: true } : { ...opened, streamed: false },
        );
      },
    };
    dataPlane(parts(changes))(exchange);
  });

export const codeOf = (answer: Answer): unknown => JSON.parse(String(answer.body)).code;
export const headerOf = (answer: Answer, name: string): string | undefined =>
  answer.headers.find(([key]) => key === name)?.[1];
