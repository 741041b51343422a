import { MsgHdrsImpl, Parser, type ParserEvent } from "@nats-io/nats-core/internal";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { PublishWriter } from "./publish-writer.ts";

const headersOf = (id: string): string => `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`;

const stage = () => {
  const clock = new ManualClock();
  const sent: Buffer[] = [];
  const writer = new PublishWriter({ clock, send: (operations) => void sent.push(Buffer.from(operations)) });
  return { clock, sent, writer };
};

/** What a peer would read: HPUB has the form of HMSG, save for the number of the subscription. */
const readBack = (operations: Buffer): readonly (readonly [string, string, string])[] => {
  const events: ParserEvent[] = [];
  new Parser({ push: (event: ParserEvent) => void events.push(event) }).parse(
    Buffer.from(operations.toString("latin1").replaceAll(/HPUB (\S+)/g, "HMSG $1 1"), "latin1"),
  );
  return events.map(({ msg, data = new Uint8Array(0) }) => {
    const header = data.subarray(0, msg?.hdr);
    return [
      Buffer.from(msg?.subject ?? []).toString(),
      MsgHdrsImpl.decode(header).get("Nats-Msg-Id"),
      Buffer.from(data.subarray(msg?.hdr)).toString(),
    ];
  });
};

describe("PublishWriter", () => {
  it("writes all messages of a turn at its end, in order", async () => {
    const { clock, sent, writer } = stage();
    writer.write("a", { headers: headersOf("1"), data: Buffer.from("one") }, "inbox.1");
    writer.write("b", { headers: headersOf("gr\u00fcn"), data: Buffer.from("zw\u00f6lf") });
    writer.write("c", { headers: headersOf("3"), data: Buffer.alloc(0) });
    expect(sent).toEqual([]);
    await clock.settle();
    expect(sent.map(readBack)).toEqual([
      [
        ["a", "1", "one"],
        ["b", "gr\u00fcn", "zw\u00f6lf"],
        ["c", "3", ""],
      ],
    ]);
  });

  it("does not gather without bound", async () => {
    const { clock, sent, writer } = stage();
    for (let index = 0; index < 5; index += 1)
      writer.write("a", { headers: headersOf(String(index)), data: Buffer.alloc(100_000, "x") });
    expect(sent).toHaveLength(1);
    await clock.settle();
    expect(sent).toHaveLength(2);
    expect(sent.flatMap(readBack).map(([, id]) => id)).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("forgets what is not written when the connection is gone", async () => {
    const { clock, sent, writer } = stage();
    writer.write("a", { headers: headersOf("1"), data: Buffer.from("one") });
    writer.clear();
    await clock.settle();
    expect(sent).toEqual([]);
  });
});
