import { X509Certificate } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { pathOf, secretKind, statefulSetKind } from "../src/kube/kinds.ts";
import { type AuditEvent, condition, eventually, revenprox, statusOf } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const dayMs = 86_400_000;
const start = Date.parse("2027-01-01T00:00:00Z");
/** The operator believes what it read of a Secret for 50 s, and looks once a minute: here that is 1 to 2 s. */
const speed = 40;

let day = 0;

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster, { speed, clock: () => new Date(start + day * dayMs) });

let attempt = 0;
beforeEach(() => {
  day = 0;
  attempt += 1;
});
/** Another name when a test is tried again. */
const named = (name: string): string => `${name}-${attempt}`;

const secret = async (name: string): Promise<Readonly<Record<string, string>>> => {
  const { data } = (await eventually(
    `Secret ${name} exists`,
    () => cluster.get(pathOf(secretKind, "default", name)),
    60,
  )) as unknown as {
    readonly data: Readonly<Record<string, string>>;
  };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
};
const shown = async (name: string): Promise<X509Certificate> =>
  new X509Certificate((await secret(`${name}-nats-tls`))["tls.crt"] ?? "");
const authorities = async (name: string): Promise<number> =>
  ((await secret(`${name}-nats-tls`))["ca.crt"]?.match(/BEGIN CERTIFICATE/g) ?? []).length;

/** What rolls the servers when it changes. */
const templateRevision = async (name: string): Promise<string> => {
  const statefulSet = await eventually(
    "the StatefulSet exists",
    () => cluster.get(pathOf(statefulSetKind, "default", `${name}-nats`)),
    60,
  );
  const { template } = statefulSet["spec"] as {
    readonly template: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
  };
  return template.metadata.annotations["revenprox.io/nats-tls-revision"] ?? "";
};

const secretWrites = async (name: string): Promise<readonly string[]> =>
  (await cluster.operatorRequests())
    .filter((event: AuditEvent) => event.objectRef?.resource === "secrets" && event.verb !== "get")
    .filter(({ objectRef }) => [`${name}-nats-ca`, `${name}-nats-tls`].includes(objectRef?.name ?? ""))
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`);

/** Waits until the operator has passed over the resources this many times more. */
const passes = async (count: number): Promise<void> => {
  const before = await operator.metric("revenprox_operator_reconcile_total");
  await eventually(
    `${count} passes`,
    async () => (await operator.metric("revenprox_operator_reconcile_total")) >= before + count,
    60,
  );
};

const eventsOf = async (name: string): Promise<readonly string[]> => {
  const { items } = (await cluster.get("/api/v1/namespaces/default/events")) as unknown as {
    readonly items: readonly { reason: string; message: string; involvedObject: { name: string } }[];
  };
  return items
    .filter(({ reason, involvedObject }) => reason === "CertificateRenewed" && involvedObject.name === name)
    .map(({ message }) => message);
};

const withTls = { nats: { managed: { tls: { enabled: true } } } };

test("certificates are made once, renewed when they are due, and each renewal restarts the servers", async () => {
  const name = named("once");
  await cluster.kubectlApply(revenprox(name, withTls));
  await condition(cluster, name, ["Ready", "False"]);
  const made = await shown(name);
  expect(made.checkHost(`${name}-nats.default.svc`)).toBeTruthy();
  const { children = [] } = await statusOf(cluster, name);
  for (const child of [`${name}-nats-ca`, `${name}-nats-tls`])
    expect(children).toContainEqual(expect.objectContaining({ kind: "Secret", name: child, health: "Current" }));

  const revision = await templateRevision(name);
  expect(revision).toMatch(/^[0-9a-f]{16}$/);
  day = 243;
  await passes(4);
  const creations = [`create ${name}-nats-ca`, `create ${name}-nats-tls`];
  expect(await secretWrites(name)).toEqual(creations);
  expect(await templateRevision(name)).toBe(revision);

  day = 244;
  const renewed = await eventually(
    "the certificate is renewed",
    async () => {
      const now = await shown(name);
      return now.serialNumber !== made.serialNumber && now;
    },
    60,
  );
  expect(Date.parse(renewed.validTo)).toBe(start + (244 + 365) * dayMs);
  await eventually("the servers' template follows", async () => (await templateRevision(name)) !== revision, 60);
  await eventually("an event tells it", async () => (await eventsOf(name)).length === 1, 60);
  expect((await eventsOf(name))[0]).toMatch(/^The certificate of the NATS servers is renewed until 2028-09-01/);
  await passes(4);
  expect(await secretWrites(name)).toEqual([...creations, `update ${name}-nats-tls`]);
}, 300_000);

test("a new CA is trusted beside the former one before it signs", async () => {
  const name = named("rotated");
  await cluster.kubectlApply(revenprox(name, withTls));
  await condition(cluster, name, ["Ready", "False"]);
  const { "tls.crt": former = "" } = await secret(`${name}-nats-ca`);
  day = 8 * 365;
  await eventually("two CAs are trusted", async () => (await authorities(name)) === 2, 60);
  expect((await shown(name)).verify(new X509Certificate(former).publicKey)).toBe(true);
  day += 244;
  const { "tls.crt": newer = "" } = await secret(`${name}-nats-ca`);
  await eventually(
    "the new one signs",
    async () => (await shown(name)).verify(new X509Certificate(newer).publicKey),
    60,
  );
  expect(await authorities(name)).toBe(2);
  day += 244;
  await eventually("the former one is dropped", async () => (await authorities(name)) === 1, 60);
  expect(await secretWrites(name)).toEqual([
    `create ${name}-nats-ca`,
    `create ${name}-nats-tls`,
    `update ${name}-nats-ca`,
    `update ${name}-nats-tls`,
    `update ${name}-nats-tls`,
    `update ${name}-nats-ca`,
    `update ${name}-nats-tls`,
  ]);
}, 300_000);

test("a Secret of somebody else is left alone, and named", async () => {
  const name = named("taken");
  await cluster.kubectl("create", "secret", "generic", `${name}-nats-tls`, "--from-literal=tls.crt=mine");
  await cluster.kubectlApply(revenprox(name, withTls));
  const { message } = await condition(cluster, name, ["Stalled", "True"]);
  expect(message).toContain(`Secret ${name}-nats-tls exists and belongs to nobody`);
  expect(await secret(`${name}-nats-tls`)).toEqual({ "tls.crt": "mine" });
}, 120_000);

test("TLS cannot be switched later, and without it there are no certificates", async () => {
  const name = named("plain");
  await cluster.kubectlApply(revenprox(name));
  await condition(cluster, name, ["Ready", "False"]);
  const message = /replicas, storage.className and tls cannot be changed after creation/;
  await expect(cluster.kubectlApply(revenprox(name, withTls))).rejects.toThrow(message);
  const secured = named("secured");
  await cluster.kubectlApply(revenprox(secured, withTls));
  await expect(cluster.kubectlApply(revenprox(secured, {}))).rejects.toThrow(message);
  await cluster.kubectlApply(revenprox(name, { nats: { managed: { tls: { enabled: false } } } }));
  await passes(4);
  expect(await cluster.get(pathOf(secretKind, "default", `${name}-nats-tls`))).toBeUndefined();
  expect(await templateRevision(name)).toBe("");
}, 120_000);

test("in plan mode certificates are planned, not made", async () => {
  const name = named("planned");
  const planned = revenprox(name, withTls);
  const metadata = { ...planned.metadata, annotations: { "revenprox.io/plan": "true" } };
  await cluster.kubectlApply({ ...planned, metadata });
  const plan = await eventually("the plan is told", async () => (await statusOf(cluster, name)).plan, 60);
  for (const child of [`${name}-nats-ca`, `${name}-nats-tls`])
    expect(plan.changes).toContainEqual({ kind: "Secret", name: child, action: "Create" });
  expect(await cluster.get(pathOf(secretKind, "default", `${name}-nats-ca`))).toBeUndefined();
}, 120_000);
