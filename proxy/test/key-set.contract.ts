import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import type { Engine } from "./testing/engines.ts";
import { until } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";
import { bearer, ended, mustHaveEndedAt, verifiedProxy } from "./testing/verified-proxy.ts";

/** Whose signature lets in, and whose does not; the same on every engine. */
export const keySetContract = (engine: Engine): void => {
  const at = verifiedProxy(engine);

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
    JWKS_URL: at.webhook.url,
    ISSUER: "me",
    AUDIENCE: "sse",
    TOPICS_CLAIM: "topics",
  });
  const startWithKeySet = (more: Record<string, string> = {}): Promise<void> => at.startWith({ ...keys(), ...more });

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
    at.webhook.reply = () => ({ body: { keys: [jwk] } });
    await startWithKeySet();
    expect((await at.get(`/events/${topic}`, bearer(token))).status).toBe(status);
    expect(await at.post(topic, token)).toBe(status === 401 ? 401 : 403);
  });

  test("tokens signed with the public key as a secret, or with none, or by a key they bring along, are refused", async () => {
    const { token, jwk } = await issue();
    at.webhook.reply = () => ({ body: { keys: [jwk] } });
    await startWithKeySet();
    const [, payload] = token.split(".");
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    const symmetric = await new SignJWT({ sub: "u", topics: ["a*"], iss: "me", aud: "sse" })
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(JSON.stringify(jwk)));
    const stranger = await generateKeyPair("ES256");
    const own = await issue({}, { jwk: await exportJWK(stranger.publicKey), jku: `${at.webhook.url}/evil` });
    const calls = at.webhook.calls.length;
    for (const bad of [none, symmetric, own.token]) expect((await at.get("/events/a1", bearer(bad))).status).toBe(401);
    expect(at.webhook.calls.length - calls).toBeLessThanOrEqual(1);
    expect((await at.get("/events/a1", bearer(token))).status).toBe(200);
  });

  test("while it was never there nobody comes in; a stream ends with its token", async () => {
    const exp = Math.ceil(Date.now() / 1_000) + 10;
    const { token, jwk } = await issue({ exp });
    at.webhook.reply = () => ({ status: 500 });
    await startWithKeySet({ RETRY_ATTEMPTS: "0" });
    expect((await at.get("/events/a1", bearer(token))).code).toBe("verifier_unavailable");
    at.webhook.reply = () => ({ body: { keys: [jwk] } });
    await until("the key set", async () =>
      (await at.get("/events/a1", bearer(token))).status === 200 ? true : undefined,
    );
    const stream = openStream(at.proxy?.port ?? 0, "/events/a1", bearer(token));
    expect(await ended(stream)).toContain('{"reason":"expired"}');
    mustHaveEndedAt(exp);
  });
};
