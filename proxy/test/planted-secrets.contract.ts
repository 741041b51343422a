import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Engine } from "./testing/engines.ts";
import { bearer, verifiedProxy } from "./testing/verified-proxy.ts";

const planted = {
  header: "planted-header-secret",
  token: "planted-token-secret",
  query: "planted-query-secret",
  key: "planted-key-secret",
  words: "planted-upstream-words",
  path: "planted-url-path",
};

/** What must never be told, in words that are easy to find; the same on every engine. */
export const plantedSecretsContract = (engine: Engine): void => {
  const at = verifiedProxy(engine);

  test("planted secrets are found in no log, metric, error or API answer", async () => {
    const headers = join(at.folder, "..headers");
    await writeFile(headers, `X-Api-Key: ${planted.header}\n`);
    await writeFile(join(at.folder, "k"), planted.key);
    const { port, managementPort, output } = await at.start({
      WEBHOOK_URL: at.webhook.url.replace("/verify", `/${planted.path}`),
      WEBHOOK_HEADERS_FILE: headers,
      CIRCUIT_BREAKER_THRESHOLD: "2",
    });
    at.proxy?.child.kill("SIGHUP");
    const answers: string[] = [];
    const ask = async (url: string, init: RequestInit = {}): Promise<void> => {
      const abort = AbortSignal.timeout(30_000);
      const response = await fetch(url, { ...init, signal: abort });
      answers.push(JSON.stringify([...response.headers]));
      if (response.headers.get("content-type") !== "text/event-stream") answers.push(await response.text());
    };
    const base = `http://127.0.0.1:${port}`;
    const replies = [
      { body: { valid: false, reason: planted.words } },
      { status: 401, body: planted.words },
      { body: planted.words },
      { status: 500, body: planted.words },
      { status: 302, headers: { location: `http://127.0.0.1/${planted.words}` } },
    ];
    for (const [n, reply] of replies.entries()) {
      at.webhook.reply = () => reply;
      await ask(`${base}/events/a`, { headers: bearer(`${planted.token}-${n}`) });
      await ask(`${base}/events/a?token=${planted.query}-${n}`);
      await ask(`${base}/events/a`, { method: "POST", body: "x", headers: bearer(`${planted.token}-${n}`) });
    }
    await ask(`${base}/events/a`, { method: "POST", body: "x", headers: bearer(planted.key) });
    await ask(`${base}/events/%zz?token=${planted.query}`);
    await ask(`${base}/metrics`);
    const api = `http://127.0.0.1:${managementPort}/api/v1`;
    for (const path of ["config", "connections", "topics", "queues", "peers"]) await ask(`${api}/${path}`);
    expect(at.webhook.calls.some((call) => call.headers["x-api-key"] === planted.header)).toBe(true);
    const everything = [output(), ...answers].join("\n");
    for (const secret of [planted.header, planted.token, planted.query, planted.key, planted.words])
      expect(everything).not.toContain(secret);
    expect(output()).not.toContain(planted.path);
  });
};
