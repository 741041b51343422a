import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { clockToleranceMs } from "../../src/auth/verdict.ts";
import { type Engine, startOn } from "./engines.ts";
import { type ProxyProcess, until } from "./proxy-process.ts";
import type { RawStream } from "./raw-stream.ts";
import { startWebhook, type WebhookServer } from "./webhook-server.ts";

export interface Got {
  readonly status: number;
  readonly code: string | undefined;
  readonly denied: readonly string[] | undefined;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** A proxy, and the server it asks about tokens, anew for each test. */
export interface VerifiedProxy {
  readonly webhook: WebhookServer;
  readonly proxy: ProxyProcess | undefined;
  /** Where its publish keys lie. */
  readonly folder: string;
  /** `keys` of `[jwt_verifier]`; it asks the webhook unless they say otherwise. */
  start(keys?: Readonly<Record<string, string>>): Promise<ProxyProcess>;
  /** With these keys of `[jwt_verifier]` and no others. */
  startWith(keys: Readonly<Record<string, string>>): Promise<void>;
  /** From now on nobody answers about tokens. */
  loseWebhook(): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Got>;
  post(topic: string, secret?: string): Promise<number>;
  metric(name: string): Promise<number>;
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** In time; a token that came only after its end, on a machine with much else to do, has the tolerance for clocks. */
export const mustHaveEndedAt = (exp: number): void => {
  const now = Date.now();
  const lateMs = [0, clockToleranceMs].map((tolerance) => Math.abs(now - exp * 1_000 - tolerance));
  expect(Math.min(...lateMs)).toBeLessThan(5_000);
};

/** All of the stream, once it has ended. */
export const ended = async (stream: RawStream): Promise<string> => {
  await until("the end of the stream", () => stream.body().kind === "complete" || undefined);
  return stream.text();
};

const verifierKeys = (keys: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`REVENPROX_JWT_VERIFIER__${key}`, value]));

export const verifiedProxy = (engine: Engine): VerifiedProxy => {
  let webhook: WebhookServer;
  let webhookLost = false;
  let proxy: ProxyProcess | undefined;
  let folder: string;

  beforeEach(async () => {
    webhook = await startWebhook();
    webhookLost = false;
    folder = await mkdtemp(join(tmpdir(), "proxy-auth-"));
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
    if (!webhookLost) await webhook.close();
    await rm(folder, { recursive: true });
  });

  const start = async (keys: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> => {
    proxy = await startOn(engine, {
      REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
      REVENPROX_JWT_VERIFIER__RETRY_ATTEMPTS: "0",
      REVENPROX_JWT_VERIFIER__TIMEOUT_MS: "2000",
      REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder,
      ...verifierKeys(keys),
    });
    return proxy;
  };

  /** HEAD would tell no code, and a stream that opens never ends: its first chunk is enough. */
  const get = async (path: string, headers: Record<string, string> = {}): Promise<Got> => {
    const abort = new AbortController();
    const response = await fetch(`http://127.0.0.1:${proxy?.port}${path}`, { headers, signal: abort.signal });
    const retryAfter = response.headers.get("retry-after");
    if (response.status === 200) {
      abort.abort();
      return { status: 200, code: undefined, denied: undefined, retryAfter, text: "" };
    }
    const text = await response.text();
    const { code, denied } = JSON.parse(text) as { code: string; denied?: string[] };
    return { status: response.status, code, denied, retryAfter, text };
  };

  const post = async (topic: string, secret?: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${proxy?.port}/events/${topic}`, {
      method: "POST",
      body: "x",
      headers: secret === undefined ? {} : bearer(secret),
    });
    return response.status;
  };

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${proxy?.port}/metrics`)).text();
    return Number(new RegExp(`^revenprox_${name} (\\S+)$`, "m").exec(text)?.[1]);
  };

  return {
    get webhook() {
      return webhook;
    },
    get proxy() {
      return proxy;
    },
    get folder() {
      return folder;
    },
    start,
    startWith: async (keys) => {
      proxy = await startOn(engine, verifierKeys(keys));
    },
    loseWebhook: async () => {
      await webhook.close();
      webhookLost = true;
    },
    get,
    post,
    metric,
  };
};
