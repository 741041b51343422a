import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { authorityDays, natsCertificates, type PresentSecrets, serverDays } from "./nats-certificates.ts";
import type { Entries } from "./read-certificates.ts";

const start = Date.parse("2027-01-01T00:00:00Z");
const dayMs = 86_400_000;
const dnsNames = ["web-nats", "web-nats.apps.svc", "*.web-nats-headless.apps.svc", "localhost"];

interface Secrets extends PresentSecrets {
  readonly authority: Entries;
  readonly server: Entries;
  readonly news: readonly string[];
}

/** What the Secrets hold after a look on this day, counted from the first one. */
const look = (day: number, present: PresentSecrets): Secrets => {
  const wish = { now: new Date(start + day * dayMs), name: "web-nats", dnsNames };
  const { authority, server } = natsCertificates(present, wish);
  const news = [authority, server].map((each) => each.news).filter((text) => text !== "");
  return { authority: authority.entries, server: server.entries, news };
};
const first = (): Secrets => look(0, { authority: undefined, server: undefined });

const certificate = (entries: Entries, key = "tls.crt"): X509Certificate => new X509Certificate(entries[key] ?? "");
const trusted = ({ "ca.crt": bundle = "" }: Entries): readonly X509Certificate[] =>
  (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((block) => new X509Certificate(block));
/** Whether a server or client with `theirs` believes one that shows the certificate of `shown`. */
const believes = (theirs: Entries, shown: Entries): boolean =>
  trusted(theirs).some(
    (authority) => certificate(shown).checkIssued(authority) && certificate(shown).verify(authority.publicKey),
  );
const daysLeft = (entries: Entries, day: number): number =>
  (Date.parse(certificate(entries).validTo) - start) / dayMs - day;

describe("the first certificates", () => {
  const { authority, server, news } = first();
  const shown = certificate(server);

  test("are those of a CA, and of servers that it vouches for", () => {
    expect(certificate(authority).ca).toBe(true);
    expect(shown.ca).toBe(false);
    expect(believes(server, server)).toBe(true);
    expect(server["ca.crt"]).toBe(authority["tls.crt"]);
    expect(news.length).toBe(2);
  });
  test.each([
    "web-nats",
    "web-nats.apps.svc",
    "web-nats-0.web-nats-headless.apps.svc",
    "web-nats-2.web-nats-headless.apps.svc",
    "localhost",
  ])("hold for %s", (host) => expect(shown.checkHost(host)).toBeTruthy());
  test.each(["other-nats.apps.svc", "web-nats.other.svc", "a.b.web-nats-headless.apps.svc"])("not for %s", (host) =>
    expect(shown.checkHost(host)).toBeUndefined(),
  );
  test("are for both ends of a route", () =>
    expect(shown.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]));
  test("last a year, and ten", () => {
    expect(daysLeft(server, 0)).toBe(serverDays);
    expect(daysLeft(authority, 0)).toBe(authorityDays);
  });
  test("are good for clocks that are some minutes behind", () => {
    expect(Date.parse(shown.validFrom)).toBe(start - 300_000);
  });
  test("keep the CA's key to the CA's Secret", () => {
    expect(Object.keys(server).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    expect(server["tls.key"]).not.toBe(authority["tls.key"]);
  });
});

test("nothing changes until two thirds of a year are over", () => {
  const made = first();
  for (const day of [0, 1, 100, 243]) {
    const seen = look(day, made);
    expect(seen.authority).toBe(made.authority);
    expect(seen.server).toBe(made.server);
    expect(seen.news).toEqual([]);
  }
  const renewed = look(244, made);
  expect(renewed.authority).toBe(made.authority);
  expect(renewed.server).not.toEqual(made.server);
  expect(daysLeft(renewed.server, 244)).toBe(serverDays);
  expect(believes(made.server, renewed.server)).toBe(true);
  expect(renewed.news).toEqual([
    "The certificate of the NATS servers is renewed until 2028-09-01; they are restarted one at a time.",
  ]);
});

interface Change {
  readonly day: number;
  readonly before: Secrets;
  readonly after: Secrets;
}

/** Looks once a day, or as told. */
const live = (days: number, step = 1): readonly Change[] => {
  const changes: Change[] = [];
  let now = first();
  for (let day = step; day <= days; day += step) {
    const after = look(day, now);
    if (after.server !== now.server || after.authority !== now.authority) changes.push({ day, before: now, after });
    expect(daysLeft(after.server, day)).toBeGreaterThan(0);
    now = after;
  }
  return changes;
};

describe("in thirty years", () => {
  const changes = live(30 * 365);

  test("a change leaves nobody who does not believe the others, those of before and those of after it", () => {
    for (const { before, after } of changes) {
      expect(believes(before.server, after.server)).toBe(true);
      expect(believes(after.server, before.server)).toBe(true);
    }
  });
  test("each costs one restart, and there are three in two years", () => {
    expect(new Set(changes.map(({ day }) => day)).size).toBe(changes.length);
    expect(changes.length).toBeGreaterThan(40);
    expect(changes.length).toBeLessThanOrEqual(46);
  });
  test("a new CA is trusted first, signs from the next change on, and is alone after that", () => {
    const authorities = changes.map(({ after }) => trusted(after.server).length);
    const firstNew = changes.findIndex(({ after }) => trusted(after.server).length === 2);
    expect(authorities.slice(firstNew, firstNew + 3)).toEqual([2, 2, 1]);
    const [announced, used, alone] = changes.slice(firstNew, firstNew + 3);
    if (announced === undefined || used === undefined || alone === undefined) throw new Error("no new CA");
    const signs = ({ after }: Change) => certificate(after.server).verify(certificate(after.authority).publicKey);
    expect([announced, used, alone].map(signs)).toEqual([false, true, true]);
    expect(announced.after.news[0]).toContain("A new CA of the NATS servers is trusted beside the former one");
    expect(alone.after.news[0]).toContain("is trusted no more");
    expect(alone.after.authority).not.toHaveProperty(["previous.key"]);
  });
  test("nothing outlives who vouches for it", () => {
    for (const { after } of changes) {
      const by = trusted(after.server).find((each) => certificate(after.server).verify(each.publicKey));
      expect(Date.parse(certificate(after.server).validTo)).toBeLessThanOrEqual(Date.parse(by?.validTo ?? ""));
    }
  });
});

test("an operator that looks once in three months is in time", () => {
  for (const { before, after } of live(30 * 365, 91)) {
    expect(believes(before.server, after.server)).toBe(true);
    expect(believes(after.server, before.server)).toBe(true);
  }
});

describe("when the operator ends between its two writes", () => {
  const due = authorityDays - 2 * serverDays;
  const old = first();
  const { server: served } = look(due - 10, old);

  test("the CA that nobody knows yet does not sign", () => {
    const announced = look(due, { authority: old.authority, server: served });
    expect(announced.authority).not.toBe(old.authority);
    for (const day of [due, due + 1, due + 30]) {
      const next = look(day, { authority: announced.authority, server: served });
      expect(next.authority).toBe(announced.authority);
      expect(believes(served, next.server)).toBe(true);
      expect(trusted(next.server)).toHaveLength(2);
    }
  });
});

describe("what somebody deleted or damaged", () => {
  const made = first();

  test("the CA's Secret: a new CA is trusted beside the former, the certificate stays until it is due", () => {
    const next = look(10, { authority: undefined, server: made.server });
    expect(certificate(next.server).raw.equals(certificate(made.server).raw)).toBe(true);
    expect(trusted(next.server)).toHaveLength(2);
    expect(look(11, next)).toMatchObject({ authority: next.authority, server: next.server, news: [] });
    const renewed = look(300, next);
    expect(believes(next.server, renewed.server)).toBe(true);
    expect(trusted(look(600, renewed).server)).toHaveLength(1);
  });
  test("the CA's Secret when the certificate is due: it waits until the new CA is trusted", () => {
    const next = look(250, { authority: undefined, server: made.server });
    expect(believes(made.server, next.server)).toBe(true);
    expect(look(256, next).server).toBe(next.server);
    const renewed = look(258, next);
    expect(believes(next.server, renewed.server)).toBe(true);
    expect(daysLeft(renewed.server, 258)).toBe(serverDays);
  });
  test("the CA's Secret on the last day: then trust is cut rather than lost", () => {
    expect(daysLeft(look(364.5, { authority: undefined, server: made.server }).server, 364.5)).toBe(serverDays);
  });
  test("the servers' Secret: the same CA vouches for a new one", () => {
    const next = look(10, { authority: made.authority, server: undefined });
    expect(next.authority).toBe(made.authority);
    expect(believes(made.server, next.server)).toBe(true);
  });
  test("both: all is new", () => {
    expect(believes(made.server, look(10, { authority: undefined, server: undefined }).server)).toBe(false);
  });
  test.each<[string, Entries]>([
    ["another key", { ...made.server, "tls.key": first().server["tls.key"] ?? "" }],
    ["no certificate", { ...made.server, "tls.crt": "x" }],
    ["a certificate of another CA", { ...first().server, "ca.crt": made.server["ca.crt"] ?? "" }],
    ["no CA", { ...made.server, "ca.crt": "" }],
    ["a broken CA", { ...made.server, "ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }],
    ["nothing", {}],
  ])("the servers' Secret has %s: it is mended", (_, server) => {
    const next = look(10, { authority: made.authority, server });
    expect(next.authority).toBe(made.authority);
    expect(believes(made.server, next.server)).toBe(true);
    expect(believes(next.server, made.server)).toBe(true);
    expect(certificate(next.server).verify(certificate(made.authority).publicKey)).toBe(true);
  });
});

describe("a clock that was ahead and is put right", () => {
  const isGood = (entries: Entries, day: number) => {
    const { validFrom, validTo } = certificate(entries);
    const now = start + day * dayMs;
    return Date.parse(validFrom) <= now && now < Date.parse(validTo);
  };

  test.each([
    ["by most of a year: the servers get a certificate that holds now", first(), 300],
    ["by most of ten years: so they do, of the CA that holds now", first(), authorityDays - 100],
    ["from the beginning: the CA is made anew, too", { authority: undefined, server: undefined }, 400],
  ])("%s", (_, before, ahead) => {
    const wrong = look(ahead, before);
    expect(isGood(wrong.server, 1)).toBe(false);
    const right = look(1, wrong);
    expect(isGood(right.server, 1)).toBe(true);
    expect(believes(right.server, right.server)).toBe(true);
    const signer = trusted(right.server).find((authority) => certificate(right.server).verify(authority.publicKey));
    expect(Date.parse(signer?.validFrom ?? "")).toBeLessThanOrEqual(start + dayMs);
    expect(look(2, right).news).toEqual([]);
  });
});
