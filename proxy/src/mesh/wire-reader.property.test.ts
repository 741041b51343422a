import { Kind, type MsgArg, Parser, type ParserEvent } from "@nats-io/nats-core/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type WireMessage, WireReader } from "./wire-reader.ts";

/** What came, in order; a message with its number, subject, header block and payload. */
type Seen = readonly (string | number)[];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const seenMessage = ({ sid, subject, hdr }: MsgArg, data: Uint8Array): Seen => {
  const headers = Math.max(0, hdr);
  return [sid, text(subject), text(data.subarray(0, headers)), text(data.subarray(headers))];
};

const libraryParser = (seen: Seen[]): Parser =>
  new Parser({
    push: ({ kind, msg, data = new Uint8Array(0) }: ParserEvent) =>
      void seen.push(kind === Kind.MSG && msg !== undefined ? seenMessage(msg, data) : [kind, text(data)]),
  });

const byLibrary = (reads: readonly Buffer[]): readonly Seen[] => {
  const seen: Seen[] = [];
  const parser = libraryParser(seen);
  for (const read of reads) parser.parse(read);
  return seen;
};

/** Subscriptions with an even number have a receiver. */
const byReader = (reads: readonly Buffer[]): readonly Seen[] => {
  const seen: Seen[] = [];
  const parser = libraryParser(seen);
  const take = (subscription: number) => (message: WireMessage) => {
    const { bytes, subjectAt, subjectEnd, headersAt, dataAt, end } = message;
    const part = (from: number, to: number): string => text(bytes.subarray(from, to));
    seen.push([subscription, part(subjectAt, subjectEnd), part(headersAt, dataAt), part(dataAt, end)]);
  };
  const reader = new WireReader((subscription) => (subscription % 2 === 0 ? take(subscription) : undefined));
  for (const read of reads) {
    reader.feed(read);
    for (let operations = reader.next(); operations !== undefined; operations = reader.next()) {
      const before = seen.length;
      parser.parse(operations);
      expect(seen.slice(before).filter(([sid, ...message]) => message.length > 1 && Number(sid) % 2 === 0)).toEqual([]);
    }
  }
  return seen;
};

const anyBytes = fc.oneof(
  fc.constantFrom("", "\r\n", "MSG a 2 0\r\n\r\n", "PING\r\n", "NATS/1.0\r\n\r\n"),
  fc.uint8Array({ maxLength: 60 }).map(text),
);
const subject = fc.stringMatching(/^[a-zA-Z0-9_.$-]{1,40}$/);
const reply = fc.option(subject, { nil: undefined });

const message = fc
  .record({
    subject,
    sid: fc.integer({ min: 1, max: 2_000 }),
    reply,
    headers: anyBytes,
    data: anyBytes,
    hasHeaders: fc.boolean(),
  })
  .map(({ subject, sid, reply, headers, data, hasHeaders }) => {
    const to = `${subject} ${sid}${reply === undefined ? "" : ` ${reply}`}`;
    return hasHeaders && headers !== ""
      ? `HMSG ${to} ${headers.length} ${headers.length + data.length}\r\n${headers}${data}\r\n`
      : `MSG ${to} ${data.length}\r\n${data}\r\n`;
  });

const operation = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 1, arbitrary: fc.constantFrom("PING\r\n", "PONG\r\n", "+OK\r\n", "-ERR 'no'\r\n", 'INFO {"a":1}\r\n') },
);

/** Cut into reads of any size, some of them a single byte. */
const cut = (whole: Buffer, sizes: readonly number[]): readonly Buffer[] => {
  const reads: Buffer[] = [];
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    reads.push(whole.subarray(at, at + size));
    at += size;
  }
  return reads;
};

const sizes = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 8 });

describe("WireReader", () => {
  it("gives out what the library's parser reads, in its order, however the bytes are cut into reads", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), sizes, (operations, each) => {
        const reads = cut(Buffer.from(operations.join(""), "latin1"), each);
        expect(byReader(reads)).toEqual(byLibrary([Buffer.concat(reads)]));
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves every byte that no server sends to the library", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 80 }).map(text),
      fc.constantFrom("MSG a x 3\r\n", "msg"),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(operation, garbage), { maxLength: 12 }), sizes, (parts, each) => {
        const whole = Buffer.from(parts.join(""), "latin1");
        const reader = new WireReader(() => undefined);
        let out = "";
        for (const read of cut(whole, each)) {
          reader.feed(read);
          for (let given = reader.next(); given !== undefined; given = reader.next()) out += text(given);
        }
        expect(text(whole).startsWith(out)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("WireReader, one case each", () => {
  const receiving = () => {
    const seen: string[] = [];
    const reader = new WireReader((sid) =>
      sid === 2 ? ({ bytes, dataAt, end }) => void seen.push(text(bytes.subarray(dataAt, end))) : undefined,
    );
    const feed = (...reads: readonly string[]): readonly string[] =>
      reads.flatMap((read) => {
        reader.feed(Buffer.from(read, "latin1"));
        const given: string[] = [];
        for (let operations = reader.next(); operations !== undefined; operations = reader.next())
          given.push(text(operations));
        return given;
      });
    return { seen, feed };
  };

  it.each([
    ["no number of a subscription", "MSG a x 1\r\nx\r\n"],
    ["too few fields", "MSG a 2\r\nx\r\n"],
    ["too many fields", "MSG a 2 b c 1\r\nx\r\n"],
    ["headers longer than the whole", "HMSG a 2 5 1\r\nx\r\n"],
    ["a payload that does not end where it should", "MSG a 2 1\r\nxyz\r\n"],
    ["another operation", "MESSAGE\r\n"],
    ["a line that ends with a line feed alone", "MSG a 2 1\r\rx\r\n"],
  ])("leaves everything to the library from %s on", (_, strange) => {
    const { seen, feed } = receiving();
    const after = "MSG a 2 1\r\nb\r\n";
    expect(feed(`MSG a 2 1\r\na\r\n${strange}`, after).join("")).toBe(strange + after);
    expect(seen).toEqual(["a"]);
  });

  it("hands out what is the library's before the message behind it", () => {
    const { seen, feed } = receiving();
    const log: string[] = [];
    const reader = new WireReader(() => () => void log.push("message"));
    reader.feed(Buffer.from("PING\r\nMSG a 1 0\r\n\r\n+OK\r\n"));
    for (let given = reader.next(); given !== undefined; given = reader.next()) log.push(text(given));
    expect(log).toEqual(["PING\r\n", "message", "+OK\r\n"]);
    expect(feed("MSG a 2 2\r\n", "x", "y\r", "\n")).toEqual([]);
    expect(seen).toEqual(["xy"]);
  });
});
