import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type AuditEvent,
  eventTold,
  eventually,
  revenprox,
  startTestCluster,
  statusOf,
  type TestCluster,
  untilTaken,
} from "./support/cluster.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { untilQuiet } from "./support/quiet.ts";

/** A look at the Secrets every few seconds instead of each minute. */
const speed = 20;
const generated = "web-publish-key";

let cluster: TestCluster;
let operator: RunningOperator;

beforeAll(async () => {
  cluster = await startTestCluster();
  operator = await startOperator(cluster, { speed });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.stop();
});

const says = (name: string, reason: string) =>
  eventually(
    `AuthenticationConfigured of ${name} says ${reason}`,
    async () =>
      (await statusOf(cluster, name)).conditions?.find(
        (each) => each.type === "AuthenticationConfigured" && each.reason === reason,
      ),
    60,
  );

const event = (reason: string, text: string) => eventTold(cluster, reason, [text]);

const fill = (secret: string, data: Readonly<Record<string, string>> | null) =>
  cluster.kubectl("patch", "secret", secret, "--type=merge", "-p", JSON.stringify({ data }));

const isWrite = ({ verb }: AuditEvent) => ["create", "update", "patch", "delete"].includes(verb);
const writes = async () => (await cluster.operatorRequests()).filter(isWrite).length;

test("a generated key that was emptied or spoilt is told, costs no write while it lasts, and is healed by a deletion", async () => {
  await cluster.kubectlApply(revenprox("web"));
  await says("web", "PublishKeyOnly");
  await fill(generated, null);
  const { status, message } = await says("web", "PublishKeyUnusable");
  expect(status).toBe("False");
  expect(message).toContain(`Secret ${generated} is empty`);
  await event("PublishKeyUnusable", "is empty");

  await fill(generated, { default: Buffer.from("two words").toString("base64") });
  await eventually(
    "the fault is named",
    async () => (await says("web", "PublishKeyUnusable")).message.includes("default: a key is at least"),
    60,
  );
  await untilQuiet(cluster, "web");
  const [before, passes] = [await writes(), await operator.metric("revenprox_operator_reconcile_total")];
  await eventually(
    "it was looked at again and again",
    async () => (await operator.metric("revenprox_operator_reconcile_total")) > passes + 4,
    60,
  );
  expect(await writes()).toBe(before);

  await cluster.kubectl("delete", "secret", generated);
  await says("web", "PublishKeyOnly");
  await event("PublishKeyOnly", "Publishing needs a key");
});

test("a Secret of the user's without a usable key is told from the start on, until it has one", async () => {
  await cluster.kubectl("create", "secret", "generic", "shop", "--from-literal=orders=short");
  await cluster.kubectlApply(revenprox("own", { auth: { publishKeysSecret: "shop" } }));
  expect((await says("own", "PublishKeyUnusable")).message).toContain("Secret shop has no key");
  await event("PublishKeyUnusable", "Secret shop");
  await fill("shop", { orders: Buffer.from("0123456789abcdef").toString("base64") });
  await says("own", "PublishKeyOnly");
});

test("passwords of NATS that were emptied are told, and restart no server", async () => {
  await cluster.kubectlApply(revenprox("bus"));
  await says("bus", "PublishKeyOnly");
  const revision = () =>
    cluster.kubectl("get", "statefulset", "bus-nats", "-o", "jsonpath={.spec.template.metadata.annotations}");
  const before = await untilTaken("the servers are made", revision);
  await fill("bus-nats-users", { admin: "" });
  await eventually(
    "the Secret is told as failed",
    async () =>
      (await statusOf(cluster, "bus")).children?.find(
        ({ name, health, message }) => name === "bus-nats-users" && health === "Failed" && message?.includes("admin"),
      ),
    60,
  );
  expect(await revision()).toBe(before);
});
