import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clockToleranceMs } from "../src/auth/verdict.ts";
import { topicIdOf } from "../src/edge/topic-id.ts";
import type { Topic } from "../src/hub/event.ts";
import { type Engine, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { startWebhook, type WebhookServer } from "./testing/webhook-server.ts";

/** In time; a token that came only after its end, on a machine with much else to do, has the tolerance for clocks. */
const mustHaveEndedAt = (exp: number): void => {
  const now = Date.now();
  const lateMs = [0, clockToleranceMs].map((tolerance) => Math.abs(now - exp * 1_000 - tolerance));
  expect(Math.min(...lateMs)).toBeLessThan(5_000);
};

/** Who comes in, and who does not; the same on every engine. */
export const authenticationContract = (engine: Engine): void => {
  let webhook: WebhookServer;
  let proxy: ProxyProcess | undefined;
  let folder: string;

  beforeEach(async () => {
    webhook = await startWebhook();
    folder = await mkdtemp(join(tmpdir(), "proxy-auth-"));
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
    await webhook.close();
    await rm(folder, { recursive: true });
  });

  const start = async (keys: Readonly<Record<string, string>> = {}): Promise<ProxyProcess> => {
    const named = Object.entries(keys).map(([key, value]) => [`REVENPROX_JWT_VERIFIER__${key}`, value]);
    proxy = await startOn(engine, {
      REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
      REVENPROX_JWT_VERIFIER__RETRY_ATTEMPTS: "0",
      REVENPROX_JWT_VERIFIER__TIMEOUT_MS: "2000",
      REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder,
      ...Object.fromEntries(named),
    });
    return proxy;
  };

  interface Got {
    readonly status: number;
    readonly code: string | undefined;
    readonly denied: readonly string[] | undefined;
    readonly retryAfter: string | null;
    readonly text: string;
  }

  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

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

  /** Status for a client with another address. */
  const fromAddress = (localAddress: string, port: number, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpGet({ host: "127.0.0.1", port, path: "/events/a", localAddress, headers }, (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
    });

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${proxy?.port}/metrics`)).text();
    return Number(new RegExp(`^revenprox_${name} (\\S+)$`, "m").exec(text)?.[1]);
  };

  const ended = async (stream: RawStream): Promise<string> => {
    await until("the end of the stream", () => stream.body().kind === "complete" || undefined);
    return stream.text();
  };

  test("the webhook is told the token, the topic and the action, and a verdict is asked for once", async () => {
    await start();
    expect((await get("/events/a%2Fb", bearer("t-1"))).status).toBe(200);
    expect((await get("/events/a%2Fb?token=t-1")).status).toBe(200);
    expect(await post("a%2Fb", "t-1")).toBe(202);
    const topic = topicIdOf("a/b" as Topic);
    expect(webhook.calls.map(({ jwt, topic: id, topic_name, action }) => [jwt, id, topic_name, action])).toEqual([
      ["t-1", topic, "a/b", "subscribe"],
      ["t-1", topic, "a/b", "publish"],
    ]);
    expect([
      await metric("auth_cache_hits"),
      await metric("auth_cache_misses"),
      await metric("auth_requests_total"),
    ]).toEqual([1, 2, 3]);
  });

  type Behaviour = Parameters<typeof startWebhook>[0];

  test.each<[string, Behaviour, number, string | undefined]>([
    ["yes", () => ({ body: { valid: true } }), 200, undefined],
    ["yes with nulls", () => ({ body: { valid: true, exp: null, topics: null } }), 200, undefined],
    ["no", () => ({ body: { valid: false, reason: "upstream words" } }), 403, "permission_denied"],
    ["401", () => ({ status: 401, body: "upstream words" }), 401, "credentials_invalid"],
    ["403", () => ({ status: 403 }), 403, "permission_denied"],
    ["404", () => ({ status: 404 }), 403, "permission_denied"],
    ["429", () => ({ status: 429 }), 503, "verifier_unavailable"],
    ["500", () => ({ status: 500, body: "upstream words" }), 503, "verifier_unavailable"],
    ["redirect", () => ({ status: 302, headers: { location: "/other" } }), 503, "verifier_unavailable"],
    ["slow", () => ({ body: { valid: true }, delayMs: 4_000 }), 503, "verifier_unavailable"],
    ["not JSON", () => ({ body: "yes" }), 503, "verifier_unavailable"],
    ["no verdict", () => ({ body: { ok: true } }), 503, "verifier_unavailable"],
    ["wrong types", () => ({ body: { valid: true, exp: "soon" } }), 503, "verifier_unavailable"],
    ["huge", () => ({ body: { valid: true, reason: "x".repeat(100_000) } }), 503, "verifier_unavailable"],
    ["expired", () => ({ body: { valid: true, exp: 1_700_000_000 } }), 401, "credentials_invalid"],
    ["other topics", () => ({ body: { valid: true, topics: ["b*"] } }), 403, "permission_denied"],
    ["this topic", () => ({ body: { valid: true, topics: ["b", "a*"] } }), 200, undefined],
  ])("a webhook that answers %s", async (_name, reply, status, code) => {
    await start();
    webhook.reply = reply ?? webhook.reply;
    const got = await get("/events/a", bearer("t"));
    expect([got.status, got.code]).toEqual([status, code]);
    expect(got.text).not.toContain("upstream words");
    expect(got.retryAfter === null).toBe(status !== 503);
    expect(await metric("auth_failures_total")).toBe(status === 200 ? 0 : 1);
    expect(webhook.calls).toHaveLength(1);
  });

  test("a webhook that is gone: no new token comes in, a cached verdict serves", async () => {
    await start();
    await get("/events/a", bearer("t"));
    await webhook.close();
    expect((await get("/events/a", bearer("t"))).status).toBe(200);
    expect((await get("/events/a", bearer("u"))).code).toBe("verifier_unavailable");
    webhook = await startWebhook();
  });

  test("failed calls are made again with back-off", async () => {
    await start({ RETRY_ATTEMPTS: "3" });
    webhook.reply = () => (webhook.calls.length < 4 ? { status: 500 } : { body: { valid: true } });
    const began = Date.now();
    expect((await get("/events/a", bearer("t"))).status).toBe(200);
    expect(Date.now() - began).toBeGreaterThanOrEqual(590);
    expect(webhook.calls).toHaveLength(4);
  });

  test("the breaker opens, serves what is cached, probes once and closes; the gauge follows", async () => {
    await start({ CIRCUIT_BREAKER_THRESHOLD: "3", CIRCUIT_BREAKER_TIMEOUT_SEC: "5" });
    await get("/events/a", bearer("good"));
    webhook.reply = () => ({ status: 500 });
    for (let n = 0; n < 3; n += 1) await get("/events/a", bearer(`bad-${n}`));
    expect(await metric("circuit_breaker_state")).toBe(1);
    const before = webhook.calls.length;
    expect((await get("/events/a", bearer("bad-3"))).code).toBe("verifier_unavailable");
    expect((await get("/events/a", bearer("good"))).status).toBe(200);
    expect(webhook.calls).toHaveLength(before);
    // Half-open: one probe is under way, everybody else is answered at once, and the gauge still says open.
    webhook.reply = () => ({ body: { valid: true }, delayMs: 200 });
    await until("the probe", async () => {
      void get("/events/a", bearer(`probe-${Date.now()}`));
      return webhook.calls.length > before ? true : undefined;
    });
    expect(await metric("circuit_breaker_state")).toBe(1);
    await until("closed", async () => ((await metric("circuit_breaker_state")) === 0 ? true : undefined));
    expect(webhook.calls).toHaveLength(before + 1);
    expect((await get("/events/a", bearer("new"))).status).toBe(200);
  });

  test.each([
    [{}, undefined, 401],
    [{ REQUIRE_AUTHENTICATION: "false" }, undefined, 200],
    [{ REQUIRE_AUTHENTICATION: "false" }, "bad", 403],
    [{ REQUIRE_AUTHENTICATION: "false" }, "good", 200],
  ])("with %j a stream with the token %s: %i", async (keys, token, status) => {
    await start(keys);
    webhook.reply = ({ jwt }) => ({ body: { valid: jwt === "good" } });
    expect((await get("/events/a", token === undefined ? {} : bearer(token))).status).toBe(status);
  });

  test("publishing takes a publish key or a token allowed to publish, each on its own topics", async () => {
    const secret = "0123456789abcdef";
    await writeFile(join(folder, "limited"), `secret = "${secret}"\ntopics = ["a*"]\n`);
    await start();
    webhook.reply = ({ jwt, action, topic_name }) => ({
      body: { valid: jwt === "writer" && action === "publish" && topic_name === "b" },
    });
    const asked = [
      await post("a", secret),
      await post("b", secret),
      await post("b", "writer"),
      await post("a", "writer"),
    ];
    expect([...asked, await post("b"), await post("b", "nobody")]).toEqual([202, 403, 202, 403, 401, 403]);
  });

  test("many topics with partial denial: 403 names them, one call each, at most 8 at once", async () => {
    await start({ TIMEOUT_MS: "5000" });
    let open = 0;
    let most = 0;
    webhook.reply = ({ topic_name }) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
      }, 40);
      return { body: { valid: !topic_name.startsWith("no-") }, delayMs: 40 };
    };
    const topics = [...Array.from({ length: 18 }, (_, n) => `t${n}`), "no-1", "no-2", "t0"];
    const got = await get(`/events?${topics.map((topic) => `topic=${topic}`).join("&")}`, bearer("t"));
    expect([got.status, got.denied]).toEqual([403, ["no-1", "no-2"]]);
    expect(webhook.calls).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(8);
  });

  describe("open streams", () => {
    test("end at exp, in time, and say so", async () => {
      const { port } = await start();
      const exp = Math.ceil(Date.now() / 1_000) + 5;
      webhook.reply = () => ({ body: { valid: true, exp } });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      const text = await ended(stream);
      mustHaveEndedAt(exp);
      expect(text).toMatch(/retry: \d+\nevent: revenprox\.auth\ndata: \{"reason":"expired"\}\n\n$/);
    });

    test("are checked again at their verdict's end: one that turned false ends them", async () => {
      const { port } = await start({ CACHE_TTL_SEC: "1" });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      await until("a second question", () => webhook.calls.length > 1 || undefined);
      expect(stream.body().kind).toBe("open");
      webhook.reply = () => ({ body: { valid: false } });
      expect(await ended(stream)).toContain('event: revenprox.auth\ndata: {"reason":"denied"}\n\n');
    });

    test("outlive a verifier that fails for the breaker's time, and then end", async () => {
      const { port } = await start({
        CACHE_TTL_SEC: "1",
        CIRCUIT_BREAKER_TIMEOUT_SEC: "4",
        CIRCUIT_BREAKER_THRESHOLD: "2",
      });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      webhook.reply = () => ({ status: 500 });
      await until("a failed question", () => webhook.calls.length > 1 || undefined);
      const failedAt = Date.now();
      expect(await ended(stream)).toContain('event: revenprox.auth\ndata: {"reason":"unavailable"}\n\n');
      expect(Date.now() - failedAt).toBeGreaterThan(3_000);
    });
  });

  test("a flood of invented tokens neither evicts good verdicts nor keeps good clients from being verified", async () => {
    const { port } = await start({ CACHE_MAX_SIZE: "15", RATE_LIMIT_PER_SEC: "80", TIMEOUT_MS: "5000" });
    webhook.reply = ({ jwt }) => ({ body: { valid: jwt.startsWith("good") } });
    for (let n = 0; n < 10; n += 1) expect((await get("/events/a", bearer(`good-${n}`))).status).toBe(200);
    const began = performance.now();
    const flood = Array.from({ length: 600 }, (_, n) =>
      fetch(`http://127.0.0.1:${port}/events/a`, { headers: bearer(`random-${n}`) }).then(({ status }) => status),
    );
    const seen = webhook.calls.length;
    // A token that was good before, on a topic that it was never verified for.
    const fresh = await get("/events/b", bearer("good-1"));
    const elsewhere = await fromAddress("127.0.0.2", port, bearer("good-new"));
    const statuses = await Promise.all(flood);
    expect([fresh.status, elsewhere]).toEqual([200, 200]);
    // An unknown address gets a quarter of the rate, and a second's worth of it at once.
    const most = 40 + 22 * ((performance.now() - began) / 1_000);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(600 - most);
    const asked = webhook.calls.slice(seen).filter(({ jwt }) => jwt.startsWith("random"));
    // Kept together with the good ones, so many refusals would push some of them out.
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThan(most);
    const calls = webhook.calls.length;
    for (let n = 0; n < 10; n += 1) expect((await get("/events/a", bearer(`good-${n}`))).status).toBe(200);
    expect(webhook.calls).toHaveLength(calls);
  });

  describe("a key set", () => {
    const issue = async (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) => {
      const { publicKey, privateKey } = await generateKeyPair("ES256");
      const kid = String(header["kid"] ?? "k1");
      const now = Math.floor(Date.now() / 1_000);
      const token = await new SignJWT({ sub: "u", topics: ["a*"], exp: now + 60, iss: "me", aud: "sse", ...claims })
        .setProtectedHeader({ alg: "ES256", kid, ...header })
        .sign(privateKey);
      return { token, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" } };
    };
    const keys = () => ({
      WEBHOOK_URL: "",
      JWKS_URL: webhook.url,
      ISSUER: "me",
      AUDIENCE: "sse",
      TOPICS_CLAIM: "topics",
    });
    const startWithKeySet = async (more: Record<string, string> = {}): Promise<void> => {
      const named = Object.entries({ ...keys(), ...more }).filter(([, value]) => value !== "");
      proxy = await startOn(
        engine,
        Object.fromEntries(named.map(([key, value]) => [`REVENPROX_JWT_VERIFIER__${key}`, value])),
      );
    };

    test.each<[string, Record<string, unknown>, string, number]>([
      ["good", {}, "a1", 200],
      ["good for another topic", {}, "b", 403],
      ["without topics", { topics: undefined }, "a1", 403],
      ["of another issuer", { iss: "you" }, "a1", 401],
      ["for another audience", { aud: "x" }, "a1", 401],
      ["expired", { exp: 1_700_000_000 }, "a1", 401],
      ["without an end", { exp: undefined }, "a1", 401],
      ["not valid yet", { nbf: Math.floor(Date.now() / 1_000) + 600 }, "a1", 401],
    ])("a token that is %s", async (_name, claims, topic, status) => {
      const { token, jwk } = await issue(claims);
      webhook.reply = () => ({ body: { keys: [jwk] } });
      await startWithKeySet();
      expect((await get(`/events/${topic}`, bearer(token))).status).toBe(status);
      expect(await post(topic, token)).toBe(status === 401 ? 401 : 403);
    });

    test("tokens signed with the public key as a secret, or with none, or by a key they bring along, are refused", async () => {
      const { token, jwk } = await issue();
      webhook.reply = () => ({ body: { keys: [jwk] } });
      await startWithKeySet();
      const [, payload] = token.split(".");
      const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
      const symmetric = await new SignJWT({ sub: "u", topics: ["a*"], iss: "me", aud: "sse" })
        .setProtectedHeader({ alg: "HS256", kid: "k1" })
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(JSON.stringify(jwk)));
      const stranger = await generateKeyPair("ES256");
      const own = await issue({}, { jwk: await exportJWK(stranger.publicKey), jku: `${webhook.url}/evil` });
      const calls = webhook.calls.length;
      for (const bad of [none, symmetric, own.token]) expect((await get("/events/a1", bearer(bad))).status).toBe(401);
      expect(webhook.calls.length - calls).toBeLessThanOrEqual(1);
      expect((await get("/events/a1", bearer(token))).status).toBe(200);
    });

    test("while it was never there nobody comes in; a stream ends with its token", async () => {
      const exp = Math.ceil(Date.now() / 1_000) + 10;
      const { token, jwk } = await issue({ exp });
      webhook.reply = () => ({ status: 500 });
      await startWithKeySet({ RETRY_ATTEMPTS: "0" });
      expect((await get("/events/a1", bearer(token))).code).toBe("verifier_unavailable");
      webhook.reply = () => ({ body: { keys: [jwk] } });
      await until("the key set", async () =>
        (await get("/events/a1", bearer(token))).status === 200 ? true : undefined,
      );
      const stream = openStream(proxy?.port ?? 0, "/events/a1", bearer(token));
      expect(await ended(stream)).toContain('{"reason":"expired"}');
      mustHaveEndedAt(exp);
    });
  });

  const planted = {
    header: "planted-header-secret",
    token: "planted-token-secret",
    query: "planted-query-secret",
    key: "planted-key-secret",
    words: "planted-upstream-words",
    path: "planted-url-path",
  };

  test("planted secrets are found in no log, metric, error or API answer", async () => {
    const headers = join(folder, "..headers");
    await writeFile(headers, `X-Api-Key: ${planted.header}\n`);
    await writeFile(join(folder, "k"), planted.key);
    const { port, managementPort, output } = await start({
      WEBHOOK_URL: webhook.url.replace("/verify", `/${planted.path}`),
      WEBHOOK_HEADERS_FILE: headers,
      CIRCUIT_BREAKER_THRESHOLD: "2",
    });
    proxy?.child.kill("SIGHUP");
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
      webhook.reply = () => reply;
      await ask(`${base}/events/a`, { headers: bearer(`${planted.token}-${n}`) });
      await ask(`${base}/events/a?token=${planted.query}-${n}`);
      await ask(`${base}/events/a`, { method: "POST", body: "x", headers: bearer(`${planted.token}-${n}`) });
    }
    await ask(`${base}/events/a`, { method: "POST", body: "x", headers: bearer(planted.key) });
    await ask(`${base}/events/%zz?token=${planted.query}`);
    await ask(`${base}/metrics`);
    const api = `http://127.0.0.1:${managementPort}/api/v1`;
    for (const path of ["config", "connections", "topics", "queues", "peers"]) await ask(`${api}/${path}`);
    expect(webhook.calls.some((call) => call.headers["x-api-key"] === planted.header)).toBe(true);
    const everything = [output(), ...answers].join("\n");
    for (const secret of [planted.header, planted.token, planted.query, planted.key, planted.words])
      expect(everything).not.toContain(secret);
    expect(output()).not.toContain(planted.path);
  });
};
