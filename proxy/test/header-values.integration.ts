import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, rawExchange } from "./testing/raw-stream.ts";

/** As UTF-8 and as latin1: clients send either. */
const umlauts = [Buffer.from("ü"), Buffer.from([0xfc])];

describe.each(engines)("on %s", (engine) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startOn(engine);
  });
  afterAll(() => proxy.stop());

  const ask = (line: string, header: string, value: Buffer, body = "") => {
    const head = `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n${header}: `;
    return rawExchange(proxy.port, Buffer.concat([Buffer.from(head), value, Buffer.from(`\r\n\r\n${body}`)]));
  };
  const answerTo = async (value: Buffer, body: string): Promise<string> => {
    const exchange = ask("POST /events/keyed", "Idempotency-Key", value, body);
    const answer = await until("the answer", () => /\r\n\r\n(\{.*\})/s.exec(exchange.raw().toString())?.[1]);
    exchange.close();
    return answer;
  };

  test.each(umlauts)("what is not ASCII at the end of an id does not count", async (umlaut) => {
    const first = await publish(proxy.port, "resumed", "1");
    await publish(proxy.port, "resumed", "2");
    const stream = ask("GET /events/resumed", "Last-Event-ID", Buffer.concat([Buffer.from(first), umlaut]));
    expect(await stream.waitFor("data: 2\n\n")).not.toContain("revenprox.gap");
    stream.close();
  });

  test.each(umlauts)("in the middle of an id it makes a gap", async (umlaut) => {
    const stream = ask("GET /events/a", "Last-Event-ID", Buffer.concat([Buffer.from("1-"), umlaut, Buffer.from("1")]));
    expect(await stream.waitFor("revenprox.gap")).toMatch(/"reason":"invalid"/);
    stream.close();
  });

  test.each(umlauts)("a key without any ASCII is refused, and nothing is stored", async (umlaut) => {
    expect(await answerTo(umlaut, "x")).toContain("idempotency_key_invalid");
    const stream = openStream(proxy.port, "/events/keyed?last=5");
    expect(await stream.waitFor("id: ")).not.toContain("data: x");
    stream.close();
  });

  test.each(umlauts)("a key with some inside is refused", async (umlaut) => {
    const key = Buffer.concat([Buffer.from("a"), umlaut, Buffer.from("b")]);
    expect(await answerTo(key, "x")).toContain("idempotency_key_invalid");
  });
});
