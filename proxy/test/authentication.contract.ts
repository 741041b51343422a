import { writeFile } from "node:fs/promises";
import { get as httpGet } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { topicIdOf } from "../src/edge/topic-id.ts";
import type { Topic } from "../src/hub/event.ts";
import type { Engine } from "./testing/engines.ts";
import { until } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";
import { bearer, ended, mustHaveEndedAt, verifiedProxy } from "./testing/verified-proxy.ts";
import type { WebhookServer } from "./testing/webhook-server.ts";

/** Status for a client with another address. */
const fromAddress = (localAddress: string, port: number, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = httpGet({ host: "127.0.0.1", port, path: "/events/a", localAddress, headers }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
  });

/** Who comes in when a webhook is asked, and who does not; the same on every engine. */
export const authenticationContract = (engine: Engine): void => {
  const at = verifiedProxy(engine);

  test("the webhook is told the token, the topic and the action, and a verdict is asked for once", async () => {
    await at.start();
    expect((await at.get("/events/a%2Fb", bearer("t-1"))).status).toBe(200);
    expect((await at.get("/events/a%2Fb?token=t-1")).status).toBe(200);
    expect(await at.post("a%2Fb", "t-1")).toBe(202);
    const topic = topicIdOf("a/b" as Topic);
    expect(at.webhook.calls.map(({ jwt, topic: id, topic_name, action }) => [jwt, id, topic_name, action])).toEqual([
      ["t-1", topic, "a/b", "subscribe"],
      ["t-1", topic, "a/b", "publish"],
    ]);
    expect([
      await at.metric("auth_cache_hits"),
      await at.metric("auth_cache_misses"),
      await at.metric("auth_requests_total"),
    ]).toEqual([1, 2, 3]);
  });

  type Behaviour = WebhookServer["reply"];

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
    await at.start();
    at.webhook.reply = reply ?? at.webhook.reply;
    const got = await at.get("/events/a", bearer("t"));
    expect([got.status, got.code]).toEqual([status, code]);
    expect(got.text).not.toContain("upstream words");
    expect(got.retryAfter === null).toBe(status !== 503);
    expect(await at.metric("auth_failures_total")).toBe(status === 200 ? 0 : 1);
    expect(at.webhook.calls).toHaveLength(1);
  });

  test("a webhook that is gone: no new token comes in, a cached verdict serves", async () => {
    await at.start();
    await at.get("/events/a", bearer("t"));
    await at.loseWebhook();
    expect((await at.get("/events/a", bearer("t"))).status).toBe(200);
    expect((await at.get("/events/a", bearer("u"))).code).toBe("verifier_unavailable");
  });

  test("failed calls are made again with back-off", async () => {
    await at.start({ RETRY_ATTEMPTS: "3" });
    at.webhook.reply = () => (at.webhook.calls.length < 4 ? { status: 500 } : { body: { valid: true } });
    const began = Date.now();
    expect((await at.get("/events/a", bearer("t"))).status).toBe(200);
    expect(Date.now() - began).toBeGreaterThanOrEqual(590);
    expect(at.webhook.calls).toHaveLength(4);
  });

  test("the breaker opens, serves what is cached, probes once and closes; the gauge follows", async () => {
    await at.start({ CIRCUIT_BREAKER_THRESHOLD: "3", CIRCUIT_BREAKER_TIMEOUT_SEC: "5" });
    await at.get("/events/a", bearer("good"));
    at.webhook.reply = () => ({ status: 500 });
    for (let n = 0; n < 3; n += 1) await at.get("/events/a", bearer(`bad-${n}`));
    expect(await at.metric("circuit_breaker_state")).toBe(1);
    const before = at.webhook.calls.length;
    expect((await at.get("/events/a", bearer("bad-3"))).code).toBe("verifier_unavailable");
    expect((await at.get("/events/a", bearer("good"))).status).toBe(200);
    expect(at.webhook.calls).toHaveLength(before);
    // Half-open: one probe is under way, everybody else is answered at once, and the gauge still says open.
    at.webhook.reply = () => ({ body: { valid: true }, delayMs: 200 });
    await until("the probe", async () => {
      void at.get("/events/a", bearer(`probe-${Date.now()}`));
      return at.webhook.calls.length > before ? true : undefined;
    });
    expect(await at.metric("circuit_breaker_state")).toBe(1);
    await until("closed", async () => ((await at.metric("circuit_breaker_state")) === 0 ? true : undefined));
    expect(at.webhook.calls).toHaveLength(before + 1);
    expect((await at.get("/events/a", bearer("new"))).status).toBe(200);
  });

  test.each([
    [{}, undefined, 401],
    [{ REQUIRE_AUTHENTICATION: "false" }, undefined, 200],
    [{ REQUIRE_AUTHENTICATION: "false" }, "bad", 403],
    [{ REQUIRE_AUTHENTICATION: "false" }, "good", 200],
  ])("with %j a stream with the token %s: %i", async (keys, token, status) => {
    await at.start(keys);
    at.webhook.reply = ({ jwt }) => ({ body: { valid: jwt === "good" } });
    expect((await at.get("/events/a", token === undefined ? {} : bearer(token))).status).toBe(status);
  });

  test("publishing takes a publish key or a token allowed to publish, each on its own topics", async () => {
    const secret = "0123456789abcdef";
    await writeFile(join(at.folder, "limited"), `secret = "${secret}"\ntopics = ["a*"]\n`);
    await at.start();
    at.webhook.reply = ({ jwt, action, topic_name }) => ({
      body: { valid: jwt === "writer" && action === "publish" && topic_name === "b" },
    });
    const asked = [
      await at.post("a", secret),
      await at.post("b", secret),
      await at.post("b", "writer"),
      await at.post("a", "writer"),
    ];
    expect([...asked, await at.post("b"), await at.post("b", "nobody")]).toEqual([202, 403, 202, 403, 401, 403]);
  });

  test("many topics with partial denial: 403 names them, one call each, at most 8 at once", async () => {
    await at.start({ TIMEOUT_MS: "5000" });
    let open = 0;
    let most = 0;
    at.webhook.reply = ({ topic_name }) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
      }, 40);
      return { body: { valid: !topic_name.startsWith("no-") }, delayMs: 40 };
    };
    const topics = [...Array.from({ length: 18 }, (_, n) => `t${n}`), "no-1", "no-2", "t0"];
    const got = await at.get(`/events?${topics.map((topic) => `topic=${topic}`).join("&")}`, bearer("t"));
    expect([got.status, got.denied]).toEqual([403, ["no-1", "no-2"]]);
    expect(at.webhook.calls).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(8);
  });

  describe("open streams", () => {
    test("end at exp, in time, and say so", async () => {
      const { port } = await at.start();
      const exp = Math.ceil(Date.now() / 1_000) + 5;
      at.webhook.reply = () => ({ body: { valid: true, exp } });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      const text = await ended(stream);
      mustHaveEndedAt(exp);
      expect(text).toMatch(/retry: \d+\nevent: revenprox\.auth\ndata: \{"reason":"expired"\}\n\n$/);
    });

    test("are checked again at their verdict's end: one that turned false ends them", async () => {
      const { port } = await at.start({ CACHE_TTL_SEC: "1" });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      await until("a second question", () => at.webhook.calls.length > 1 || undefined);
      expect(stream.body().kind).toBe("open");
      at.webhook.reply = () => ({ body: { valid: false } });
      expect(await ended(stream)).toContain('event: revenprox.auth\ndata: {"reason":"denied"}\n\n');
    });

    test("outlive a verifier that fails for the breaker's time, and then end", async () => {
      const { port } = await at.start({
        CACHE_TTL_SEC: "1",
        CIRCUIT_BREAKER_TIMEOUT_SEC: "4",
        CIRCUIT_BREAKER_THRESHOLD: "2",
      });
      const stream = openStream(port, "/events/a", bearer("t"));
      await stream.waitFor("id: ");
      at.webhook.reply = () => ({ status: 500 });
      await until("a failed question", () => at.webhook.calls.length > 1 || undefined);
      const failedAt = Date.now();
      expect(await ended(stream)).toContain('event: revenprox.auth\ndata: {"reason":"unavailable"}\n\n');
      expect(Date.now() - failedAt).toBeGreaterThan(3_000);
    });
  });

  test("a flood of invented tokens neither evicts good verdicts nor keeps good clients from being verified", async () => {
    const { port } = await at.start({ CACHE_MAX_SIZE: "15", RATE_LIMIT_PER_SEC: "80", TIMEOUT_MS: "5000" });
    at.webhook.reply = ({ jwt }) => ({ body: { valid: jwt.startsWith("good") } });
    for (let n = 0; n < 10; n += 1) expect((await at.get("/events/a", bearer(`good-${n}`))).status).toBe(200);
    const began = performance.now();
    const flood = Array.from({ length: 600 }, (_, n) =>
      fetch(`http://127.0.0.1:${port}/events/a`, { headers: bearer(`random-${n}`) }).then(({ status }) => status),
    );
    const seen = at.webhook.calls.length;
    // A token that was good before, on a topic that it was never verified for.
    const fresh = await at.get("/events/b", bearer("good-1"));
    const elsewhere = await fromAddress("127.0.0.2", port, bearer("good-new"));
    const statuses = await Promise.all(flood);
    expect([fresh.status, elsewhere]).toEqual([200, 200]);
    // An unknown address gets a quarter of the rate, and a second's worth of it at once.
    const most = 40 + 22 * ((performance.now() - began) / 1_000);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(600 - most);
    const asked = at.webhook.calls.slice(seen).filter(({ jwt }) => jwt.startsWith("random"));
    // Kept together with the good ones, so many refusals would push some of them out.
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThan(most);
    const calls = at.webhook.calls.length;
    for (let n = 0; n < 10; n += 1) expect((await at.get("/events/a", bearer(`good-${n}`))).status).toBe(200);
    expect(at.webhook.calls).toHaveLength(calls);
  });
};
