import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";

const publish = async (port: number, body: string, headers: Readonly<Record<string, string>>) => {
  const response = await fetch(`http://127.0.0.1:${port}/events/a`, { method: "POST", body, headers });
  return { status: response.status, answer: (await response.json()) as { id?: string } };
};

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000));

export const publishingRows: readonly EffectRow[] = [
  {
    key: "http.max_batch_events",
    name: "a batch of this many lines is taken, one line more is not",
    run: () =>
      withProxy({ REVENPROX_HTTP__MAX_BATCH_EVENTS: "3" }, async ({ port }) => {
        const ndjson = { "content-type": "application/x-ndjson" };
        expect((await publish(port, '{"data":"x"}\n'.repeat(3), ndjson)).status).toBe(202);
        expect((await publish(port, '{"data":"x"}\n'.repeat(4), ndjson)).status).toBe(413);
      }),
  },
  {
    key: "journal.duplicate_window_sec",
    name: "a repeated key is recognised within it, and is a new one after it",
    run: () =>
      withProxy({ REVENPROX_JOURNAL__DUPLICATE_WINDOW_SEC: "2" }, async ({ port }) => {
        const key = { "idempotency-key": "order-1" };
        const first = await publish(port, "x", key);
        expect(await publish(port, "x", key)).toEqual(first);
        await seconds(2.5);
        const later = await publish(port, "x", key);
        expect([later.status, later.answer.id === first.answer.id]).toEqual([202, false]);
      }),
  },
];
