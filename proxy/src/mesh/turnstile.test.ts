import { describe, expect, it } from "vitest";
import { createTurnstile } from "./turnstile.ts";

describe("createTurnstile", () => {
  it("lets in as many as it is wide, the next when one is done or failed", async () => {
    const turnstile = createTurnstile(2);
    const ends: ((fault?: Error) => void)[] = [];
    let running = 0;
    let most = 0;
    const task = () =>
      turnstile(
        () =>
          new Promise<void>((resolve, reject) => {
            running += 1;
            most = Math.max(most, running);
            ends.push((fault) => {
              running -= 1;
              if (fault === undefined) resolve();
              else reject(fault);
            });
          }),
      );
    const results = Promise.allSettled(Array.from({ length: 5 }, task));
    for (let index = 0; index < 5; index += 1) {
      while (ends.length <= index) await undefined;
      ends[index]?.(index === 1 ? new Error("failed") : undefined);
    }
    expect((await results).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    expect(most).toBe(2);
  });
});
