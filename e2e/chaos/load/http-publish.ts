import { type Agent, request } from "node:http";
import { publishSecret } from "../fleet/proxy-node.ts";
import { topicName } from "../plan.ts";

export interface HttpTarget {
  readonly address: string;
  readonly port: number;
}

export interface Publish {
  readonly key: string;
  readonly topic: number;
  readonly data: string;
}

export type Attempt =
  | { readonly kind: "accepted"; readonly id: string }
  /** Perhaps stored: another attempt under the same key is in order. */
  | { readonly kind: "again"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

const attemptMs = 12_000;

const judge = (status: number, body: string): Attempt => {
  if (status === 202) return { kind: "accepted", id: (JSON.parse(body) as { readonly id: string }).id };
  if (status === 503 || status === 429) return { kind: "again", why: `status ${status}` };
  return { kind: "refused", why: `status ${status} ${body.slice(0, 200)}` };
};

/** One attempt at one proxy; never rejects. */
export const publishOnce = (agent: Agent, target: HttpTarget, { key, topic, data }: Publish): Promise<Attempt> =>
  new Promise((resolve) => {
    const again = (why: string) => resolve({ kind: "again", why });
    const headers = {
      Authorization: `Bearer ${publishSecret}`,
      "Idempotency-Key": key,
      "Content-Type": "text/plain",
      "Content-Length": data.length,
    };
    const path = `/events/${topicName(topic)}`;
    const options = {
      host: target.address,
      port: target.port,
      method: "POST",
      path,
      headers,
      agent,
      timeout: attemptMs,
    };
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("end", () => resolve(judge(response.statusCode ?? 0, body)));
      response.once("error", (error) => again(error.message));
    });
    sent.once("timeout", () => sent.destroy(new Error("timeout")));
    sent.once("error", (error: NodeJS.ErrnoException) => again(error.code ?? error.message));
    sent.end(data);
  });
