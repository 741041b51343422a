import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const ASK_EVERY_MS = 40;

export type ApiAnswer = { status: number; body: string };

/** Asks an apiserver with one certificate; the answer is a text when there was none. */
export type ApiClient = (path: string) => Promise<ApiAnswer | string>;

/** Makes a client of the apiserver at `url` that shows the certificate `admin` of the folder `pki`. */
export async function makeApiClient(url: string, pki: string): Promise<ApiClient> {
  const read = (name: string) => readFile(join(pki, name));
  const [ca, cert, key] = await Promise.all([read("ca.crt"), read("admin.crt"), read("admin.key")]);
  return (path) => get(`${url}${path}`, { ca, cert, key });
}

/**
 * Asks for `path` until `satisfied` says so of an answer.
 * Throws when that takes longer than `withinMs`, or when `failure` has something to say.
 */
export async function waitForAnswer(
  client: ApiClient,
  path: string,
  satisfied: (answer: ApiAnswer) => boolean,
  { withinMs, failure }: { withinMs: number; failure: () => string | undefined },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await client(path);
    if (typeof answer !== "string" && satisfied(answer)) return;
    const failed = failure();
    if (failed !== undefined) throw new Error(failed);
    if (performance.now() > deadline) {
      const last = typeof answer === "string" ? answer : `${answer.status} ${answer.body.slice(0, 1000)}`;
      throw new Error(
        `the apiserver did not give the awaited answer to ${path} within ${withinMs} ms; the last: ${last}`,
      );
    }
    await delay(ASK_EVERY_MS);
  }
}

/** Waits until the apiserver calls itself ready. */
export function waitForReady(client: ApiClient, withinMs: number, failure: () => string | undefined): Promise<void> {
  return waitForAnswer(client, "/readyz", (answer) => answer.status === 200, { withinMs, failure });
}

function get(url: string, tls: { ca: Buffer; cert: Buffer; key: Buffer }): Promise<ApiAnswer | string> {
  return new Promise((resolve) => {
    const call = request(url, { ...tls, agent: false, timeout: 2000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", (error) => resolve(error.message));
    });
    call.on("timeout", () => call.destroy(new Error("no answer within 2 s")));
    call.on("error", (error) => resolve(error.message));
    call.end();
  });
}
