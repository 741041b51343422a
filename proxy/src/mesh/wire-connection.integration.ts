import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "./testing/eventually.ts";
import { type NatsProcess, startNats } from "./testing/nats-process.ts";
import { connectWire, subscribeWire, type WireSubscription, wireOf } from "./wire-connection.ts";
import type { WireMessage } from "./wire-reader.ts";

let nats: NatsProcess;
let publisher: NatsConnection;
let connection: NatsConnection;

const options = () => ({ servers: [nats.url], maxReconnectAttempts: -1, reconnectDelayHandler: () => 50 });

beforeEach(async () => {
  nats = await startNats({ program: await natsServer(), jetstream: false });
  connection = await connectWire(options());
  publisher = await connectWire(options());
});
afterEach(async () => {
  await connection.close();
  await publisher.close();
  await nats.dispose();
});

const subscribe = (to: NatsConnection, subject: string, log: string[]): WireSubscription => {
  const take = ({ bytes, subjectAt, subjectEnd, headersAt, dataAt, end }: WireMessage): void => {
    const part = (from: number, until: number): string => bytes.toString("latin1", from, until);
    log.push(`${part(subjectAt, subjectEnd)}|${part(headersAt, dataAt).replaceAll("\r\n", "/")}|${part(dataAt, end)}`);
  };
  return subscribeWire(to, subject, take, (fault) => void log.push(fault.message));
};

const came = (log: readonly string[], count: number) => eventually(`${count} messages`, () => log.length >= count);

describe("subscribeWire", () => {
  it("gives messages before the library makes objects of them, in order with what the library takes", async () => {
    const log: string[] = [];
    subscribe(connection, "wire.>", log);
    const subscription = connection.subscribe("library.>", {
      callback: (_, message) => void log.push(message.subject),
    });
    await connection.flush();
    const received = connection.stats().inMsgs;
    wireOf(publisher).send(
      Buffer.from("PUB wire.a 3\r\none\r\nPUB library.b 0\r\n\r\nHPUB wire.c 18 21\r\nNATS/1.0\r\nA: b\r\n\r\ntwo\r\n"),
    );
    await came(log, 3);
    expect(log).toEqual(["wire.a||one", "library.b", "wire.c|NATS/1.0/A: b//|two"]);
    // Only this one came to the library.
    expect(connection.stats().inMsgs - received).toBe(1);
    subscription.unsubscribe();
  });

  it("goes on after the server was away, and ends with its subscription", async () => {
    const log: string[] = [];
    const subscription = subscribe(connection, "wire.>", log);
    await connection.flush();
    await nats.kill();
    await nats.restart();
    await eventually(
      "a message after the restart",
      async () => {
        publisher.publish("wire.again", "x");
        return log.includes("wire.again||x");
      },
      30_000,
    );
    const before = connection.stats().inMsgs;
    publisher.publish("wire.large", "y".repeat(700_000));
    await eventually("a message of many reads", () => log.some((line) => line.length > 700_000));
    expect(connection.stats().inMsgs).toBe(before);
    subscription.unsubscribe();
    expect(subscription.isClosed()).toBe(true);
    const told = log.length;
    await connection.flush();
    publisher.publish("wire.late", "z");
    await publisher.flush();
    await connection.flush();
    expect(log).toHaveLength(told);
  });

  it("gives the same where the connection is not made by connectWire", async () => {
    const log: string[] = [];
    const plain = await connect(options());
    subscribe(plain, "wire.>", log);
    await plain.flush();
    wireOf(publisher).send(Buffer.from("HPUB wire.a 18 21\r\nNATS/1.0\r\nA: b\r\n\r\none\r\nPUB wire.b 0\r\n\r\n"));
    await came(log, 2);
    expect(log).toEqual(["wire.a|NATS/1.0/A: b//|one", "wire.b||"]);
    await plain.close();
  });
});
