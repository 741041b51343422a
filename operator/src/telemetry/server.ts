import { createServer, type Server, type ServerResponse } from "node:http";
import type { Metrics } from "./metrics.ts";

/** Undefined: in order; else what is wrong, for a person. */
export type Check = () => string | undefined;

export interface ServerOptions {
  readonly live: Check;
  readonly ready: Check;
  readonly metrics: Metrics;
  /** What to do about an alert, as Markdown, by the alert's name. */
  readonly runbooks: ReadonlyMap<string, string>;
}

const runbookPath = /^\/runbooks\/(?<alert>\w+)(\.md)?$/;

/** /livez, /readyz, /metrics and /runbooks. */
export const createTelemetryServer = ({ live, ready, metrics, runbooks }: ServerOptions): Server => {
  const routes: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    "/livez": (response) => answerCheck(response, live()),
    "/readyz": (response) => answerCheck(response, ready()),
    "/metrics": async (response) => {
      const { body, contentType } = await metrics.scrape();
      response.writeHead(200, { "content-type": contentType }).end(body);
    },
  };
  return createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const page = runbooks.get(runbookPath.exec(path)?.groups?.["alert"] ?? "");
    const route = page === undefined ? routes[path] : (to: ServerResponse) => answer(to, 200, page);
    if (route === undefined) return answer(response, 404, "there is /livez, /readyz, /metrics and /runbooks/ALERT");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "only GET");
    Promise.resolve(route(response)).catch((error: unknown) => answer(response, 500, String(error)));
  });
};

const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
};

const answerCheck = (response: ServerResponse, fault: string | undefined): void =>
  answer(response, fault === undefined ? 200 : 503, fault ?? "ok");

/** Resolves with the port that is listened on. */
export const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
