import { request } from "node:http";
import { ports } from "@revenprox/contract/ports";

export interface ManagementCall {
  /** Of the pod itself, from its status: never one that a resource names. */
  readonly address: string;
  readonly path: string;
  readonly token: string;
  /** Sent as JSON by POST; absent: GET. */
  readonly body?: unknown;
}

/** Answer of a proxy's management plane; `body` is parsed JSON. */
export interface ManagementAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls the management plane of one pod; rejects when there is no whole answer in time. */
export type CallManagement = (call: ManagementCall) => Promise<ManagementAnswer>;

const timeoutMs = 2_000;
const maxBodyBytes = 65_536;

/** Thrown when a proxy answers, but not with what it should. */
export class ManagementAnswerError extends Error {
  override readonly name = "ManagementAnswerError";
}

export const callManagement: CallManagement = ({ address, path, token, body }) =>
  new Promise((resolve, reject) => {
    const host = address.includes(":") ? `[${address}]` : address;
    const url = `http://${host}:${ports.management.number}${path}`;
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(sent === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) }),
    };
    const method = sent === undefined ? "GET" : "POST";
    request(url, { method, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > maxBodyBytes)
          response.destroy(new ManagementAnswerError(`${url} answers more than ${maxBodyBytes} bytes`));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          const status = response.statusCode ?? 0;
          // What a refusal says is for people, and a build of another version may say it in another form.
          resolve({ status, body: status >= 400 ? undefined : JSON.parse(text) });
        } catch (cause) {
          reject(new ManagementAnswerError(`${url} answered ${response.statusCode}, but no JSON`, { cause }));
        }
      });
    })
      .on("error", reject)
      .end(sent);
  });
