import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish } from "./testing/raw-stream.ts";

const names = ["one", "two", "three", "four", "five"];
const path = `/events?${names.map((name) => `topic=${name}`).join("&")}`;

const idsIn = (text: string): readonly string[] => [...text.matchAll(/^id: (\S+)\ndata: /gm)].map(([, id = ""]) => id);
const dataIn = (text: string): readonly string[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
const sequenceOf = (id: string): number => Number.parseInt(id.split("-")[1] ?? "", 10);

describe("a proxy that stands alone", () => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startProxyProcess();
  });
  afterAll(() => proxy.stop());

  test("streams five topics in the order in which they were published, and resumes them", async () => {
    const stream = openStream(proxy.port, path);
    await stream.waitFor("id: ");
    const ids: string[] = [];
    for (let index = 0; index < 50; index += 1)
      ids.push(await publish(proxy.port, names[index % 5] ?? "", `event ${index}.`));
    expect(idsIn(await stream.waitFor("event 49.\n\n"))).toEqual(ids);
    stream.close();
    const resumed = openStream(proxy.port, path, { "Last-Event-ID": ids[29] ?? "" });
    expect(idsIn(await resumed.waitFor("event 49.\n\n"))).toEqual(ids.slice(30));
    resumed.close();
  });

  test("begins with the last of each, and says what is whose", async () => {
    for (const name of ["left", "right"])
      for (const data of ["old", "new"]) await publish(proxy.port, name, `${name} ${data}`);
    const stream = openStream(proxy.port, "/events?topic=left&topic=right&last=1&envelope=json");
    const envelopes = dataIn(await stream.waitFor("right new")).map((data) => JSON.parse(data));
    expect(envelopes).toMatchObject([
      { topic: "left", event: "message", data: "left new" },
      { topic: "right", event: "message", data: "right new" },
    ]);
    expect(envelopes.map(({ id }) => id)).toEqual(idsIn(stream.text()));
    stream.close();
  });

  test.each([
    ["topic=a&topic=%ff", "topic_invalid", "topic parameter 2"],
    ["topic=a&last=5&since=2026-01-01T00:00:00Z", "query_invalid", "cannot both be given"],
    [Array.from({ length: 101 }, (_, index) => `topic=t${index}`).join("&"), "topic_invalid", "at most 100 topics"],
  ])("refuses %s", async (query, code, detail) => {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/events?${query}`);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code, detail: expect.stringContaining(detail) }),
    ]);
  });
});

describe("two proxies on one NATS", () => {
  let nats: NatsProcess;
  const proxies: ProxyProcess[] = [];

  beforeAll(async () => {
    nats = await startNats({ program: await natsServer() });
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await nats.dispose();
  });

  const startOne = async (id: string): Promise<ProxyProcess> => {
    const proxy = await startProxyProcess({ REVENPROX_NATS__SERVERS: nats.url, REVENPROX_PROXY_ID: id });
    proxies.push(proxy);
    await until(`${id} to be ready`, async () =>
      (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 200 ? true : undefined,
    );
    return proxy;
  };

  test("a stream of five topics loses and repeats nothing when its proxy is killed, and stays in order", async () => {
    const [a, b, c] = await Promise.all([startOne("a"), startOne("b"), startOne("c")]);
    const onA = openStream(a.port, path);
    await onA.waitFor("id: ");
    const publishing = names.map(async (name, at) => {
      const port = at % 2 === 0 ? b.port : c.port;
      for (let index = 0; index < 80; index += 1) await publish(port, name, `${name} ${index}.`);
    });
    await onA.waitFor("three 20.");
    a.child.kill("SIGKILL");
    await onA.closed;
    const whole = onA.text().slice(0, onA.text().lastIndexOf("\n\n") + 2);
    const last = [...whole.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? "";
    const onB = openStream(b.port, path, { "Last-Event-ID": last });
    await Promise.all(publishing);
    await Promise.all(names.map((name) => onB.waitFor(`${name} 79.\n\n`)));

    const sequences = [...idsIn(whole), ...idsIn(onB.text())].map(sequenceOf);
    expect(sequences).toEqual([...sequences].sort((left, right) => left - right));
    const received = [...dataIn(whole), ...dataIn(onB.text())];
    expect(received).toHaveLength(400);
    for (const name of names)
      expect(received.filter((data) => data.startsWith(`${name} `))).toEqual(
        Array.from({ length: 80 }, (_, index) => `${name} ${index}.`),
      );
    onB.close();
  });
});
