import type { HttpResponse } from "uWebSockets.js";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CorkedWrite } from "../src/edge/corked-write.ts";
import { StallWatch } from "../src/edge/stall-watch.ts";
import { UwsEventSink } from "../src/edge/uws-event-sink.ts";
import { afterHead, dechunk } from "./testing/chunked.ts";

const encoder = new TextEncoder();
const frameCount = 1_500;
const streamsPerRound = 20;
const head = "200 OK\r\nContent-Type: text/event-stream";

/** A seeded generator (LCG), so that a failure can be run again. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
};

/** Frames of 30 bytes to 100 kB; each says its number and its size. */
const frames = (seed: number): Uint8Array[] => {
  const next = random(seed);
  return Array.from({ length: frameCount }, (_, index) => {
    const size = Math.floor(next() * next() * 100_000);
    return encoder.encode(`data: ${index} ${String.fromCharCode(97 + (index % 26)).repeat(size)} ${size}\n\n`);
  });
};

/** Reads in fits and starts until the stream has ended; resolves with everything that arrived. */
const readSlowly = (port: number, seed: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const next = random(seed);
    const parts: Buffer[] = [];
    let pauses = 40;
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
    socket.on("data", (part) => {
      parts.push(part);
      if (part.subarray(-5).toString("latin1") === "0\r\n\r\n") socket.destroy();
      else if (pauses > 0 && next() < 0.05) {
        pauses -= 1;
        socket.pause();
        setTimeout(() => socket.resume(), 30 + next() * 120);
      }
    });
    socket.on("close", () => resolve(Buffer.concat(parts)));
    socket.on("error", reject);
  });

/** Whether the answer is exactly the frames, comment lines between them aside. */
const intact = (answer: Buffer, expected: readonly Uint8Array[]): boolean => {
  const body = dechunk(afterHead(answer));
  if (body.kind !== "complete") return false;
  const arrived = body.body
    .toString()
    .split("\n\n")
    .filter((frame) => frame !== ":");
  return arrived.join("\n\n") === expected.map((frame) => Buffer.from(frame).toString()).join("");
};

const later = (ms: number, action: () => void): (() => void) => {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
};

/** Nudges every full stream many times a second, so that it must not show in any of them. */
const nudgingOften = new StallWatch({
  clock: { now: Date.now, after: (_, action) => later(5, action) },
  patienceMs: () => 60_000,
});

const corked = new CorkedWrite();

type Producer = (response: HttpResponse, frames: readonly Uint8Array[]) => void;

/** As the hub does it: stops at the first false, goes on when the sink is writable. */
const pumped = (response: HttpResponse, all: readonly Uint8Array[], inHandler: boolean): UwsEventSink => {
  let sent = 0;
  const sink = new UwsEventSink(response, head, { stalls: nudgingOften, corked }, inHandler);
  response.onAborted(() => sink.aborted());
  const pump = (): void => {
    for (let frame = all[sent]; frame !== undefined; frame = all[sent]) {
      sent += 1;
      if (!sink.write(frame)) return;
    }
    sink.end();
  };
  sink.attach({ writable: pump, closed: () => undefined });
  pump();
  return sink;
};

const guarded: Producer = (response, all) => void pumped(response, all, false);

/** For a stream that begins while the library's handler runs. */
const guardedInHandler: Producer = (response, all) => pumped(response, all, true).uncorked();

/** What the guard forbids: several writes in one cork, together over 16 KiB. */
const unguarded: Producer = (response, all) => {
  let sent = 0;
  response.onAborted(() => undefined);
  const pump = (): boolean => {
    let went = true;
    while (went && sent < all.length) {
      response.cork(() => {
        for (const frame of all.slice(sent, sent + 8)) went = response.write(frame) && went;
        sent += 8;
      });
    }
    if (sent >= all.length) response.end();
    return true;
  };
  response.onWritable(pump);
  pump();
};

const openApps: { close(): unknown }[] = [];

const serve = async (produce: Producer, all: readonly Uint8Array[], inHandler: boolean): Promise<number> => {
  const uws = await import("uWebSockets.js");
  const app = uws.App();
  openApps.push(app);
  app.any("/*", (response) => {
    if (inHandler) return produce(response, all);
    let gone = false;
    response.onAborted(() => {
      gone = true;
    });
    setImmediate(() => {
      if (!gone) produce(response, all);
    });
  });
  return new Promise((resolve) => {
    app.listen("127.0.0.1", 0, (socket) =>
      resolve(uws.us_socket_local_port(socket as unknown as Parameters<typeof uws.us_socket_local_port>[0])),
    );
  });
};

afterEach(() => {
  for (const app of openApps.splice(0)) app.close();
});

/** How many of a round's streams arrived otherwise than they were written. */
const corrupted = async (produce: Producer, seed: number, inHandler = false): Promise<number> => {
  const all = frames(seed);
  const port = await serve(produce, all, inHandler);
  const answers = await Promise.all(
    Array.from({ length: streamsPerRound }, (_, index) => readSlowly(port, seed + index)),
  );
  return answers.filter((answer) => !intact(answer, all)).length;
};

const largeFrame = encoder.encode(`data: ${"x".repeat(12_000)}\n\n`);
/** Longer than uWS waits: 8 to 12 s. */
const watchedMs = 16_000;
const watchingStalls = new StallWatch({
  clock: { now: Date.now, after: later },
  patienceMs: () => 60_000,
});

/** A stream of so many frames, at most, to a client that reads none of them. */
const unreadStream = async (count: number) => {
  const written = Promise.withResolvers<number>();
  const port = await serve(
    (response) => {
      const sink = new UwsEventSink(response, head, { stalls: watchingStalls, corked });
      response.onAborted(() => sink.aborted());
      sink.attach({ writable: () => undefined, closed: () => undefined });
      let sent = 1;
      while (sink.write(largeFrame) && sent < count) sent += 1;
      written.resolve(sent);
    },
    [],
    false,
  );
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  socket.pause();
  return { socket, written: await written.promise };
};

/** How many frames a stream takes until the sink says that it is full: of those the last one or two did not leave. */
const framesUntilFull = async (): Promise<number> => {
  const { socket, written } = await unreadStream(100_000);
  socket.destroy();
  return written;
};

/** Whether a stream of so many frames is still open after a while in which its client read nothing; then it reads all. */
const staysOpen = async (count: number): Promise<boolean> => {
  const { socket } = await unreadStream(count);
  await new Promise((resolve) => setTimeout(resolve, watchedMs));
  let bytes = 0;
  socket.on("data", (part) => {
    bytes += part.length;
  });
  socket.resume();
  const ended = new Promise((resolve) => socket.once("end", () => resolve(false)).once("error", () => resolve(false)));
  const all = new Promise((resolve) => {
    const look = setInterval(() => {
      if (bytes < count * largeFrame.length) return;
      clearInterval(look);
      resolve(true);
    }, 20);
  });
  const stayed = (await Promise.race([ended, all])) === true;
  socket.destroy();
  return stayed;
};

describe("streams to slow readers", () => {
  test("arrive byte for byte", async () => {
    expect(await corrupted(guarded, 1)).toBe(0);
  });

  test("arrive byte for byte when they begin in the library's handler", async () => {
    expect(await corrupted(guardedInHandler, 2, true)).toBe(0);
  });

  test("stay open when their last bytes are held back by the library, which does not say so", {
    timeout: 120_000,
  }, async () => {
    const whole = await framesUntilFull();
    const counts = Array.from({ length: 12 }, (_, index) => whole - index);
    const open = await Promise.all(counts.map((count) => staysOpen(count)));
    expect(open).toEqual(counts.map(() => true));
  });

  test("are damaged by this uWebSockets.js when the guard is left out", async () => {
    let damaged = 0;
    for (let seed = 1; seed <= 5 && damaged === 0; seed += 1) damaged += await corrupted(unguarded, seed);
    expect(
      damaged,
      "the library no longer damages streams: the guard in edge/uws-event-sink.ts may go",
    ).toBeGreaterThan(0);
  });
});
