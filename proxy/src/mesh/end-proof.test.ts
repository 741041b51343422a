import { expect, test } from "vitest";
import type { BatchEnd, DirectRequest, OnStored } from "./direct-get.ts";
import { createEndProof } from "./end-proof.ts";
import { scanHeaders } from "./raw-headers.ts";

/** How far a copy goes, and the topic's last sequence in it; 0 = it has none. */
type Copy = readonly [upTo: number, last: number];

const subject = "revenprox.test.in.topic";
const none = scanHeaders(new Uint8Array(0));

const proof = (copies: readonly Copy[]) => {
  const requests: DirectRequest[] = [];
  const get = async (request: DirectRequest, _: number, onMessage: OnStored): Promise<BatchEnd> => {
    const [upTo, last] = copies[requests.length] ?? [0, 0];
    requests.push(request);
    if (last > 0) onMessage({ ...none, subject, sequence: last }, new Uint8Array(0));
    onMessage({ ...none, subject: "revenprox.test.in._epoch", sequence: upTo }, new Uint8Array(0));
    return { empty: false, pending: 0, upTo };
  };
  return { requests, ask: createEndProof({ instance: "test", direct: { get, connected: true } }) };
};

test.each<readonly [string, readonly Copy[], boolean, number]>([
  ["a copy that has reached it has nothing", [[100, 40]], true, 1],
  ["a copy that has reached it never had anything", [[100, 0]], true, 1],
  ["a copy has more", [[100, 60]], false, 1],
  ["a copy that lags has more all the same", [[90, 60]], false, 1],
  [
    "the first copy lags, the second has nothing",
    [
      [90, 40],
      [120, 40],
    ],
    true,
    2,
  ],
  [
    "the first copy lags, the second has more",
    [
      [90, 40],
      [120, 95],
    ],
    false,
    2,
  ],
  [
    "all copies lag",
    [
      [90, 40],
      [90, 40],
      [90, 40],
      [120, 40],
    ],
    false,
    3,
  ],
])("%s", async (_, copies, sure, asked) => {
  const { requests, ask } = proof(copies);
  expect(await ask(subject, 40, 100)).toBe(sure);
  expect(requests.map((request) => request.multi_last)).toEqual(
    Array(asked).fill([subject, "revenprox.test.in._epoch"]),
  );
});
