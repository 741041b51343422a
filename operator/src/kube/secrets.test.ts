import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { revenproxSpec } from "@revenprox/contract/resource/spec";
import { describe, expect, test } from "vitest";
import { secretKind } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";
import { createSecrets } from "./secrets.ts";
import { controlledBy, fakeScheduler, fakeServer, liveObject } from "./testing/fakes.ts";

const resource = (spec = {}): RevenProx => ({
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name: "r", namespace: "default", uid: "u", generation: 1, resourceVersion: "1" },
  spec: revenproxSpec.parse(spec),
});
const specs = [{ name: "r-publish-key", namespace: "default", labels: {}, stringData: { default: "x" } }];
const secret = (owner = {}, data = { default: "eA==" }) => ({
  ...liveObject(secretKind, "r-publish-key", owner),
  data,
});
const absent = () => {
  throw new KubeError(404, "{}", "GET");
};

const harness = (answer: (method: string) => unknown) => {
  const scheduler = fakeScheduler();
  const { client, calls } = fakeServer(({ method }) => answer(method));
  return { scheduler, calls, secrets: createSecrets({ client, now: scheduler.now, manager: "m" }) };
};

describe("ensure", () => {
  test.each<[string, () => unknown, () => unknown, object]>([
    ["makes what is absent", absent, () => ({}), { kind: "created" }],
    ["leaves ours alone", () => secret(controlledBy("u")), absent, { kind: "unchanged" }],
    ["leaves a foreign one alone", () => secret(), absent, { kind: "name-conflict" }],
    ["waits for one of a former resource of this name", () => secret(controlledBy("old")), absent, { kind: "failed" }],
  ])("%s", async (_, get, post, outcome) => {
    const { secrets } = harness((method) => (method === "GET" ? get() : post()));
    expect(await secrets.ensure(resource(), specs)).toMatchObject([outcome]);
  });

  test("one that was made meanwhile is judged by its owner", async () => {
    let made = false;
    const { secrets } = harness((method) => {
      if (method === "GET") return made ? secret(controlledBy("u")) : absent();
      made = true;
      throw new KubeError(409, "{}", "POST");
    });
    expect(await secrets.ensure(resource(), specs)).toMatchObject([{ kind: "unchanged" }]);
  });

  test("asks again in the pass of the next minute, so a deleted Secret is made again", async () => {
    const { secrets, scheduler, calls } = harness(() => secret(controlledBy("u")));
    await secrets.ensure(resource(), specs);
    await secrets.ensure(resource(), specs);
    expect(calls).toHaveLength(1);
    await scheduler.advance(54_000);
    await secrets.ensure(resource(), specs);
    expect(calls).toHaveLength(2);
  });

  test("asks again in a pass that comes seconds after one for another cause", async () => {
    const { secrets, scheduler, calls } = harness(() => secret(controlledBy("u")));
    await secrets.ensure(resource(), specs);
    await scheduler.advance(10_000);
    await secrets.value("default", "r-publish-key", "default");
    expect(calls).toHaveLength(1);
    await secrets.ensure(resource(), specs);
    expect(calls).toHaveLength(2);
  });
});

describe("value", () => {
  test("is one entry as text; undefined without the entry or the Secret", async () => {
    const { secrets } = harness(() => secret());
    expect(await secrets.value("default", "r-publish-key", "default")).toBe("x");
    expect(await secrets.value("default", "r-publish-key", "other")).toBeUndefined();
    expect(await harness(absent).secrets.value("default", "r-publish-key", "default")).toBeUndefined();
  });
});

describe("facts", () => {
  test("the revision follows the values and shows none of them", async () => {
    const revisionOf = async (value: string) => {
      const { secrets } = harness(() => secret(controlledBy("u"), { default: value }));
      return (await secrets.facts(resource())).publishKey.revision;
    };
    expect(await revisionOf("eA==")).toBe(await revisionOf("eA=="));
    expect(await revisionOf("eA==")).not.toBe(await revisionOf("eQ=="));
    expect(await revisionOf("eA==")).toMatch(/^[0-9a-f]{16}$/);
  });

  test("entries of publish keys are told with what is wrong, and no content", async () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const data = { good: base64("0123456789abcdef"), bad: base64("short"), empty: "" };
    const { secrets, calls } = harness(() => ({ ...secret(controlledBy("u")), data }));
    const { publishKeys } = await secrets.facts(resource());
    expect(publishKeys).toMatchObject([
      { id: "bad", fault: expect.stringContaining("at least 16") },
      { id: "empty", fault: "it is empty" },
      { id: "good" },
    ]);
    expect(JSON.stringify(publishKeys)).not.toMatch(/0123|short/);
    expect(calls.filter((call) => call.endsWith("publish-key"))).toHaveLength(1);
  });

  test("a generated Secret that was emptied has no revision, so that no pod is made anew from it", async () => {
    const { secrets } = harness(() => ({ ...secret(controlledBy("u")), data: { proxy: "eA==", admin: "" } }));
    const { natsUsers, managementTokens } = await secrets.facts(resource());
    expect(natsUsers).toEqual({ exists: true, lacks: ["publisher", "admin"] });
    expect(managementTokens).toEqual({ exists: true, lacks: ["read", "admin"] });
  });

  test("the revision of an external NATS' credentials follows the user name, not the password", async () => {
    const revisionOf = async (username: string, password: string) => {
      const { secrets } = harness(() => ({ ...secret(), data: { username, password } }));
      const spec = { nats: { external: { servers: ["nats://n:4222"], credentialsSecret: "mine" } } };
      return (await secrets.facts(resource(spec))).natsCredentials?.revision;
    };
    expect(await revisionOf("YQ==", "eA==")).toBe(await revisionOf("YQ==", "eQ=="));
    expect(await revisionOf("YQ==", "eA==")).not.toBe(await revisionOf("Yg==", "eA=="));
  });

  test("of an external NATS only the named credentials are asked for", async () => {
    const { secrets, calls } = harness(absent);
    const spec = { nats: { external: { servers: ["nats://n:4222"], credentialsSecret: "mine" } } };
    const facts = await secrets.facts(resource(spec));
    expect(facts).toMatchObject({ natsUsers: { exists: false }, natsCredentials: { exists: false } });
    expect([...new Set(calls.map((call) => call.split("/").at(-1)))].sort()).toEqual([
      "mine",
      "r-management-tokens",
      "r-publish-key",
    ]);
  });
});

describe("Secrets that the spec names", () => {
  const spec = { auth: { publishKeysSecret: "keys", verifier: { caSecret: "ca" } }, tls: { secret: "web-tls" } };
  const missingWith = async (data: Record<string, string> | undefined) => {
    const answer = () => (data === undefined ? absent() : { ...liveObject(secretKind, "any", {}), data });
    return (await harness(answer).secrets.facts(resource(spec))).missing;
  };
  const all = { "ca.crt": "eA==", "tls.crt": "eA==", "tls.key": "eA==" };

  test("are told when they are absent", async () => {
    expect(await missingWith(undefined)).toEqual([
      { field: "spec.auth.publishKeysSecret", name: "keys", keys: [], exists: false },
      { field: "spec.auth.verifier.caSecret", name: "ca", keys: ["ca.crt"], exists: false },
      { field: "spec.tls.secret", name: "web-tls", keys: ["tls.crt", "tls.key"], exists: false },
    ]);
  });
  test("and when they lack a key", async () => {
    expect(await missingWith({ "ca.crt": "eA==", "tls.crt": "eA==" })).toEqual([
      { field: "spec.tls.secret", name: "web-tls", keys: ["tls.key"], exists: true },
    ]);
    expect(await missingWith({})).toContainEqual({
      field: "spec.auth.publishKeysSecret",
      name: "keys",
      keys: [],
      exists: true,
    });
  });
  test("not when they are whole", async () => expect(await missingWith(all)).toEqual([]));
});

describe("replace", () => {
  const live = (owner = {}) => ({ ...liveObject(secretKind, "r-nats-tls", owner), data: { "tls.crt": "eA==" } });
  const replaced = async (owner: object, entries: Record<string, string>, put: () => unknown = () => ({})) => {
    const bodies: unknown[] = [];
    const { client, calls } = fakeServer((call) => {
      bodies.push(call.body);
      return put();
    });
    const secrets = createSecrets({ client, now: () => 0, manager: "m" });
    const outcome = await secrets.replace(resource(), live(owner), { entries, news: "Renewed." });
    return { outcome, calls, bodies };
  };

  test("writes nothing where nothing differs", async () => {
    const { outcome, calls } = await replaced(controlledBy("u"), { "tls.crt": "x" });
    expect(outcome.kind).toBe("unchanged");
    expect(calls).toEqual([]);
  });
  test("writes all values over the version that was read", async () => {
    const { outcome, calls, bodies } = await replaced(controlledBy("u"), { "ca.crt": "y" });
    expect(outcome).toMatchObject({ kind: "renewed", news: "Renewed." });
    expect(calls).toEqual(["PUT /api/v1/namespaces/n/secrets/r-nats-tls?fieldManager=m"]);
    expect(bodies).toMatchObject([{ metadata: { resourceVersion: "1" }, data: { "ca.crt": "eQ==" } }]);
    expect(bodies[0]).not.toHaveProperty(["data", "tls.crt"]);
  });
  test("what was written is read anew", async () => {
    const { secrets, calls } = harness(() => live(controlledBy("u")));
    const read = () => secrets.read("n", "r-nats-tls");
    for (const entries of [{ "tls.crt": "x" }, { "tls.crt": "y" }]) {
      const known = await read();
      if (known === undefined) throw new Error("it is absent");
      await secrets.replace(resource(), known, { entries, news: "Renewed." });
    }
    await read();
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["GET", "PUT", "GET"]);
  });
  test.each<[string, object, string]>([
    ["a foreign one is left alone", {}, "name-conflict"],
    ["one of a former resource, too", controlledBy("old"), "failed"],
  ])("%s", async (_, owner, kind) => {
    const { outcome, calls } = await replaced(owner, { "tls.crt": "y" });
    expect(outcome.kind).toBe(kind);
    expect(calls).toEqual([]);
  });
  test.each([
    [409, "failed"],
    [403, "refused"],
  ])("an answer %d is an outcome", async (status, kind) => {
    const { outcome } = await replaced(controlledBy("u"), { "tls.crt": "y" }, () => {
      throw new KubeError(status, "{}", "PUT");
    });
    expect(outcome.kind).toBe(kind);
  });
});
