import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish } from "./testing/raw-stream.ts";

let nats: NatsProcess;
const proxies: ProxyProcess[] = [];

beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await nats.dispose();
});

const isReady = async (proxy: ProxyProcess): Promise<true | undefined> =>
  (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 200 ? true : undefined;

const startOne = async (id: string): Promise<ProxyProcess> => {
  const proxy = await startProxyProcess({
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_PROXY_ID: id,
    REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
    REVENPROX_DISTRIBUTED_STATE__PEER_TIMEOUT_SEC: "4",
  });
  proxies.push(proxy);
  await until(`${id} to be ready`, () => isReady(proxy));
  return proxy;
};

const idsIn = (text: string): readonly string[] => [...text.matchAll(/^id: (\S+)\ndata: /gm)].map(([, id = ""]) => id);
const dataIn = (text: string): readonly string[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);

test("what is published at one proxy arrives at the other, and a stream moves between them without loss", async () => {
  const a = await startOne("a");
  const b = await startOne("b");
  const onA = openStream(a.port, "/events/shared");
  const onB = openStream(b.port, "/events/shared");
  await Promise.all([onA.waitFor("id: "), onB.waitFor("id: ")]);
  const ids: string[] = [];
  for (let index = 0; index < 20; index += 1)
    ids.push(await publish(index % 2 === 0 ? a.port : b.port, "shared", `event ${index}`));
  await Promise.all([onA.waitFor("event 19\n\n"), onB.waitFor("event 19\n\n")]);
  expect(idsIn(onA.text())).toEqual(ids);
  expect(idsIn(onB.text())).toEqual(ids);

  const resumed = openStream(b.port, "/events/shared", { "Last-Event-ID": ids[9] ?? "" });
  expect(dataIn(await resumed.waitFor("event 19\n\n"))).toEqual(
    Array.from({ length: 10 }, (_, index) => `event ${index + 10}`),
  );

  await until("the peers to know each other", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${a.port}/metrics`)).text();
    return metrics.includes("\nrevenprox_peers_connected 1\n") ? true : undefined;
  });
  const { peers } = (await (await fetch(`http://127.0.0.1:${a.managementPort}/api/v1/peers`)).json()) as {
    peers: readonly { id: string }[];
  };
  expect(peers.map(({ id }) => id)).toEqual(["b"]);
});

test("a proxy killed in mid-stream loses and repeats nothing for a client that resumes elsewhere", async () => {
  const a = await startOne("c");
  const b = await startOne("d");
  const onA = openStream(a.port, "/events/killed");
  await onA.waitFor("id: ");
  const publishing = (async () => {
    for (let index = 0; index < 300; index += 1) await publish(b.port, "killed", `event ${index}.`);
  })();
  await onA.waitFor("event 50.");
  a.child.kill("SIGKILL");
  await onA.closed;
  const whole = onA.text().slice(0, onA.text().lastIndexOf("\n\n") + 2);
  const last = [...whole.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? "";
  const onB = openStream(b.port, "/events/killed", { "Last-Event-ID": last });
  await publishing;
  await onB.waitFor("event 299.");
  expect([...dataIn(whole), ...dataIn(onB.text())]).toEqual(
    Array.from({ length: 300 }, (_, index) => `event ${index}.`),
  );
});

test("without the bus a running proxy is degraded but ready, refuses publishes, keeps its streams, and heals", async () => {
  const proxy = await startOne("e");
  const stream = openStream(proxy.port, "/events/outage");
  await stream.waitFor("id: ");
  await nats.kill();
  const health = async () => (await fetch(`http://127.0.0.1:${proxy.port}/health`)).json();
  await until("degraded health", async () =>
    ((await health()) as { status: string }).status === "degraded" ? true : undefined,
  );
  expect(await health()).toMatchObject({ status: "degraded", reasons: ["journal"] });
  expect(await isReady(proxy)).toBe(true);
  const refused = await fetch(`http://127.0.0.1:${proxy.port}/events/outage`, { method: "POST", body: "x" });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  await nats.restart();
  await until(
    "healthy again",
    async () => (((await health()) as { status: string }).status === "healthy" ? true : undefined),
    30_000,
  );
  await publish(proxy.port, "outage", "after the outage");
  await stream.waitFor("after the outage");
  stream.close();
});

test("a proxy that never reached the bus listens, is alive, and is not ready", async () => {
  const proxy = await startProxyProcess({ REVENPROX_NATS__SERVERS: "nats://127.0.0.1:1" });
  proxies.push(proxy);
  const ready = await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { reasons: ["the journal has not been reached yet"] },
  ]);
  expect((await fetch(`http://127.0.0.1:${proxy.managementPort}/livez`)).status).toBe(200);
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
});
