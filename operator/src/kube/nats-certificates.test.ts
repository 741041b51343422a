import { X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { resourceOf } from "../testing/resource.ts";
import type { KubeRequest } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { ensureCertificates } from "./nats-certificates.ts";
import { createSecrets } from "./secrets.ts";
import { fakeServer } from "./testing/fakes.ts";

interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

const dayMs = 86_400_000;
const start = Date.parse("2027-01-01T00:00:00Z");
const withTls = resourceOf({ nats: { managed: { tls: { enabled: true } } } });

let stored: Map<string, Stored>;
let day: number;
/** Refuses a call; undefined: takes it. */
let refuse: (call: KubeRequest) => number | undefined;

beforeEach(() => {
  stored = new Map();
  day = 0;
  refuse = () => undefined;
});

const encoded = (values: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));

/** An API server as far as Secrets go. */
const answer = (call: KubeRequest): unknown => {
  const status = refuse(call);
  if (status !== undefined) throw new KubeError(status, "{}", call.method);
  const body = call.body as Stored & { readonly stringData?: Readonly<Record<string, string>> };
  const name = body?.metadata.name ?? call.path.split("/").at(-1) ?? "";
  const known = stored.get(name);
  if (call.method === "GET") {
    if (known === undefined) throw new KubeError(404, "{}", "GET");
    return known;
  }
  const { stringData, ...rest } = body;
  const resourceVersion = String(Number(known?.metadata.resourceVersion ?? "0") + 1);
  stored.set(name, {
    ...rest,
    data: rest.data ?? encoded(stringData),
    metadata: { ...rest.metadata, resourceVersion },
  });
  return stored.get(name);
};

/** A pass on the present day; kinds of its outcomes, and what it wrote. */
const pass = async (revenprox = withTls) => {
  const { client, calls } = fakeServer(answer);
  const secrets = createSecrets({ client, now: () => 0, manager: "m" });
  const clock = () => new Date(start + day * dayMs);
  const outcomes = await ensureCertificates({ secrets, clock }, revenprox);
  const writes = calls.filter((call) => !call.startsWith("GET")).map((call) => call.split("?")[0]);
  return { kinds: outcomes.map(({ kind, ref: { name } }) => `${name} ${kind}`), writes, calls };
};
const shown = () => {
  const pem = Buffer.from(stored.get("web-nats-tls")?.data["tls.crt"] ?? "", "base64").toString();
  return new X509Certificate(pem);
};

const secretsPath = "/api/v1/namespaces/apps/secrets";

test("the CA is made before what it signs, and then nothing is written", async () => {
  expect(await pass()).toMatchObject({
    kinds: ["web-nats-ca created", "web-nats-tls created"],
    writes: [`POST ${secretsPath}`, `POST ${secretsPath}`],
  });
  expect([...stored.keys()]).toEqual(["web-nats-ca", "web-nats-tls"]);
  for (day of [0, 1, 120, 243])
    expect(await pass()).toMatchObject({ kinds: ["web-nats-ca unchanged", "web-nats-tls unchanged"], writes: [] });
});

test("the certificate has the names of the servers and of the Service", async () => {
  await pass();
  expect(shown().subjectAltName?.split(", ")).toEqual([
    "DNS:web-nats",
    "DNS:web-nats.apps",
    "DNS:web-nats.apps.svc",
    "DNS:web-nats.apps.svc.cluster.local",
    "DNS:*.web-nats-headless.apps.svc",
    "DNS:*.web-nats-headless.apps.svc.cluster.local",
    "DNS:localhost",
  ]);
});

test("it is renewed once when it is due", async () => {
  await pass();
  day = 244;
  expect(await pass()).toMatchObject({
    kinds: ["web-nats-ca unchanged", "web-nats-tls renewed"],
    writes: [`PUT ${secretsPath}/web-nats-tls`],
  });
  expect(Date.parse(shown().validTo)).toBe(start + (244 + 365) * dayMs);
  expect((await pass()).writes).toEqual([]);
});

test("a new CA, and then what it is to be trusted beside", async () => {
  await pass();
  day = 10 * 365 - 2 * 365;
  expect((await pass()).kinds).toEqual(["web-nats-ca renewed", "web-nats-tls renewed"]);
  expect((await pass()).writes).toEqual([]);
});

describe("where a Secret cannot be written", () => {
  test("the CA's: nothing is signed", async () => {
    refuse = ({ method }) => (method === "POST" ? 403 : undefined);
    expect((await pass()).kinds).toEqual(["web-nats-ca refused"]);
  });
  test("the servers': the next pass signs with the CA that is there", async () => {
    refuse = ({ method, body }) =>
      method === "POST" && (body as Stored).metadata.name === "web-nats-tls" ? 500 : undefined;
    expect((await pass()).kinds).toEqual(["web-nats-ca created", "web-nats-tls failed"]);
    const authority = stored.get("web-nats-ca");
    refuse = () => undefined;
    expect((await pass()).kinds).toEqual(["web-nats-ca unchanged", "web-nats-tls created"]);
    expect(stored.get("web-nats-ca")).toBe(authority);
  });
  test("nor read: that is an outcome", async () => {
    refuse = () => 500;
    expect((await pass()).kinds).toEqual(["web-nats-ca failed"]);
  });
});

test.each([
  ["without TLS", {}],
  ["of an external NATS", { nats: { external: { servers: ["tls://n:4222"] } } }],
])("%s nothing is asked for", async (_, spec) => {
  expect(await pass(resourceOf(spec))).toEqual({ kinds: [], writes: [], calls: [] });
});
