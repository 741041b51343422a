import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** What the proxy asked. */
export interface WebhookCall {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly jwt: string;
  readonly topic: string;
  readonly topic_name: string;
  readonly action: string;
}

/** What it is answered; `body` is sent as JSON unless it is a text. */
export interface WebhookReply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

/** A verifier on 127.0.0.1 whose behaviour can be changed while it runs. */
export interface WebhookServer {
  readonly url: string;
  readonly calls: WebhookCall[];
  reply: (call: WebhookCall) => WebhookReply;
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Serves until `close`; with `tls` over HTTPS. */
export const startWebhook = async (
  reply: WebhookServer["reply"] = () => ({ body: { valid: true } }),
  tls?: ServerOptions,
): Promise<WebhookServer> => {
  const listener: Parameters<typeof createServer>[1] = async (request, response) => {
    const text = await bodyOf(request);
    const asked = text === "" ? { jwt: "", topic: "", topic_name: "", action: "" } : JSON.parse(text);
    const call: WebhookCall = { ...asked, method: request.method ?? "", headers: request.headers };
    webhook.calls.push(call);
    const { status = 200, body = "", headers = {}, delayMs = 0 } = webhook.reply(call);
    await wait(delayMs);
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const scheme = tls === undefined ? "http" : "https";
  const webhook: WebhookServer = {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/verify`,
    calls: [],
    reply,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return webhook;
};
