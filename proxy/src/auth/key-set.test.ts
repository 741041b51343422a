import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { systemClock } from "../system-clock.ts";
import { checkSignature } from "./check-signature.ts";
import { GuardedCalls } from "./guarded-calls.ts";
import { KeySet } from "./key-set.ts";
import type { Question } from "./verdict.ts";

const silent = () => undefined;
const start = Date.parse("2027-01-01T00:00:00Z");

const issuer = async () => {
  const clock = { ms: start };
  const published: { kid?: string }[] = [];
  let fetches = 0;
  const warnings: string[] = [];
  let broken: { status: number; body: string } | undefined;
  const keySet = new KeySet({
    url: "http://127.0.0.1/jwks",
    upstream: {
      call: async () => {
        fetches += 1;
        return broken ?? { status: 200, body: JSON.stringify({ keys: published }) };
      },
    },
    calls: new GuardedCalls({ threshold: 100, openForMs: 1_000, retries: () => 0, clock: systemClock }),
    now: () => clock.ms,
    log: { debug: silent, info: silent, warn: (line) => void warnings.push(line), error: silent },
  });
  const newKey = async (id?: string) => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const kid = id === undefined ? {} : { kid: id };
    published.push({ ...(await exportJWK(publicKey)), ...kid });
    return (expInSec = 600) =>
      new SignJWT({ sub: "u", exp: Math.floor(clock.ms / 1_000) + expInSec })
        .setProtectedHeader({ alg: "ES256", ...kid })
        .sign(privateKey);
  };
  const check = async (token: string) => {
    const question: Question = { token, name: token, topic: "a", topicId: "00", action: "subscribe", client: () => "" };
    const parts = { keySet, rules: { algorithms: ["ES256"] }, webhookDecides: false, now: () => clock.ms };
    return checkSignature(parts, question);
  };
  return {
    clock,
    published,
    newKey,
    check,
    fetches: () => fetches,
    warnings,
    break: (body = "", status = 500) => {
      broken = { status, body };
    },
    mend: () => {
      broken = undefined;
    },
  };
};

test("a rotated key is fetched when a token names it, at most once in 30 s whatever tokens claim", async () => {
  const it = await issuer();
  const oldKey = await it.newKey("old");
  expect((await it.check(await oldKey())).kind).toBe("signed");
  it.clock.ms += 31_000;
  const newKey = await it.newKey("new");
  expect((await it.check(await newKey())).kind).toBe("signed");
  expect(it.fetches()).toBe(2);
  const stranger = await (await issuer()).newKey("unknown");
  for (let n = 0; n < 20; n += 1) expect((await it.check(await stranger())).kind).toBe("denied");
  expect(it.fetches()).toBe(2);
  it.clock.ms += 31_000;
  for (let n = 0; n < 20; n += 1) await it.check(await stranger());
  expect(it.fetches()).toBe(3);
});

test("a key that was taken away is forgotten, and a key set that is gone stays in use", async () => {
  const it = await issuer();
  const key = await it.newKey("k");
  await it.check(await key());
  it.published.length = 0;
  it.clock.ms += 301_000;
  await it.check(await key());
  await new Promise(setImmediate);
  expect((await it.check(await key())).kind).toBe("denied");

  const other = await issuer();
  const kept = await other.newKey("k");
  await other.check(await kept());
  other.break();
  other.clock.ms += 600_000;
  expect((await other.check(await kept())).kind).toBe("signed");
});

test.each([
  ["", 500, "HTTP 500"],
  ["<html>", 200, "the key set is not JSON"],
  ["{}", 200, "the key set has no keys"],
])("a key set that cannot be fetched (%j with status %i) is told: %s", async (body, status, why) => {
  const it = await issuer();
  it.break(body, status);
  expect((await it.check(await (await it.newKey("k"))())).kind).not.toBe("signed");
  expect(it.warnings).toEqual([`The key set of jwt_verifier.jwks_url cannot be fetched: ${why}`]);
});

test.each([
  [10, "signed", 10_000],
  [-20, "signed", 10_000],
  [-31, "denied", undefined],
])("a token that ends in %i s is %s, with 30 s of tolerance", async (expInSec, kind, leftMs) => {
  const it = await issuer();
  const checked = await it.check(await (await it.newKey("k"))(expInSec));
  expect([checked.kind, checked.kind === "signed" ? checked.until - it.clock.ms : undefined]).toEqual([kind, leftMs]);
});

test("a token that names no key is good by any key of the set, also by one that is new", async () => {
  const it = await issuer();
  const older = await it.newKey();
  const newer = await it.newKey();
  for (const key of [older, newer]) expect((await it.check(await key())).kind).toBe("signed");
  expect(await it.check(await newer(-60))).toMatchObject({ kind: "denied", reason: "the token has expired" });
  const stranger = await (await issuer()).newKey();
  expect(await it.check(await stranger())).toMatchObject({ kind: "denied", reason: "the token's signature is wrong" });
  it.clock.ms += 31_000;
  const newest = await it.newKey();
  expect((await it.check(await newest())).kind).toBe("signed");
  expect(it.fetches()).toBe(2);
});

test("while the key set cannot be fetched, a token of a key that is not known is not refused for good", async () => {
  const it = await issuer();
  const key = await it.newKey("old");
  await it.check(await key());
  it.break();
  it.clock.ms += 31_000;
  const rotated = await it.newKey("new");
  const unavailable = { kind: "unavailable", retryAfterSec: 30 };
  for (let n = 0; n < 2; n += 1) expect(await it.check(await rotated())).toMatchObject(unavailable);
  expect((await it.check(await key())).kind).toBe("signed");
  expect(it.fetches()).toBe(2);
  it.mend();
  it.clock.ms += 31_000;
  expect((await it.check(await rotated())).kind).toBe("signed");
  const stranger = await (await issuer()).newKey("unknown");
  expect((await it.check(await stranger())).kind).toBe("denied");
});
