import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { ChurnedStream, newTally } from "./churned-stream.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const frame = (sequence: number, { step = 1, lane = 0, id = sequence } = {}): string =>
  `id: 17-${id}\ndata: RPXB${hex(step, 2)}${hex(lane, 2)}000003${hex(sequence, 8)}0123456789abcdefxxBXPR\n\n`;
const chunk = (text: string): string => `${hex(text.length, 1)}\r\n${text}\r\n`;
/** With what a stream is told first. */
const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("retry: 2000\n\n")}`;

/** A server that the test answers for, and a stream to it. */
const stage = async () => {
  const sockets: Socket[] = [];
  const requests: string[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (text) => requests.push(text.toString()));
    socket.on("error", () => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const tally = newTally();
  const { port } = server.address() as AddressInfo;
  const stream = new ChurnedStream({ host: "127.0.0.1", port, path: "/events/a", source: "127.0.9.1" }, tally);
  ends.push(() => {
    stream.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  /** Opens it anew and answers with these pieces, one after the other. */
  const answer = async (...pieces: readonly string[]): Promise<Socket> => {
    const before = requests.length;
    stream.reopen();
    await vi.waitFor(() => expect(requests).toHaveLength(before + 1), 20_000);
    const socket = sockets.at(-1) ?? expect.unreachable();
    for (const piece of pieces) await new Promise<void>((written) => socket.write(piece, () => written()));
    return socket;
  };
  return { tally, requests, answer };
};

const delivered = (tally: { readonly delivered: number }, count: number): Promise<void> =>
  vi.waitFor(() => expect(tally.delivered).toBe(count), 20_000);

test("counts what comes in order, however it is cut, and goes on where it was", async () => {
  const { tally, requests, answer } = await stage();
  const whole = head + chunk(`id: 17-0\n\n${frame(0)}`) + chunk(frame(1) + frame(0, { lane: 1, id: 2 }));
  await answer(...(whole.match(/[\s\S]{1,7}/g) ?? []));
  await delivered(tally, 3);
  await answer(head + chunk(frame(2, { id: 3 })));
  await delivered(tally, 4);
  await answer(head + chunk(frame(0, { step: 2, id: 4 })));
  await delivered(tally, 5);
  expect(requests.map((text) => /Last-Event-ID: (.*)\r/.exec(text)?.[1])).toEqual([undefined, "17-2", "17-3"]);
  expect(tally).toMatchObject({ disordered: 0, closed: 0, opened: 3 });
});

test.each([
  ["one is lost", frame(0) + frame(2), 2],
  ["one comes twice", frame(0) + frame(0), 2],
  ["the first of a step is lost", frame(0) + frame(1, { step: 2 }), 2],
  ["a gap is told", `event: revenprox.gap\ndata: {}\n\n${frame(0)}`, 1],
])("notices when %s", async (_name, text, count) => {
  const { tally, answer } = await stage();
  await answer(head + chunk(text));
  await delivered(tally, count);
  expect(tally.disordered).toBe(1);
});

test("notices when the server closes it, but not when it leaves", async () => {
  const { tally, answer } = await stage();
  await answer(head + chunk(frame(0)));
  await delivered(tally, 1);
  const second = await answer(head + chunk(frame(1)));
  await delivered(tally, 2);
  expect(tally.closed).toBe(0);
  second.destroy();
  await vi.waitFor(() => expect(tally.closed).toBe(1), 20_000);
});
