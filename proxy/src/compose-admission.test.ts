import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { expect, test, vi } from "vitest";
import type { Admitted } from "./admission/shared-use.ts";
import { buildLimits, type Limits, limitsOfLoops } from "./compose-admission.ts";
import { ReceivedConfig } from "./config/received-config.ts";

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

const configWith = (http: object) => proxyConfig.parse({ http });

const metrics = {
  streamOpened: silent,
  streamClosed: silent,
  sent: silent,
  latency: silent,
  dropped: silent,
  gapTold: silent,
  holeFilled: silent,
  resumed: silent,
  foundLate: silent,
  moved: silent,
};

/** Two event loops of one proxy that hear each other. */
const pair = (http: object) => {
  const live = new ReceivedConfig(configWith(http));
  const told: Admitted[] = [];
  const build = (loop: number, other: () => Limits): Limits =>
    buildLimits({
      live,
      log,
      memory: () => 0,
      place: {
        loop,
        loops: 2,
        tell: (admitted) => {
          told.push(admitted);
          other().heard(admitted);
        },
      },
    });
  const a: Limits = build(1, () => b);
  const b: Limits = build(2, () => a);
  return { live, told, a, b };
};

/** Messages go out after some milliseconds. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

test("streams on the other loop leave that much less room here", async () => {
  const { a, b } = pair({ maxConnections: 3 });
  const counting = a.counting(metrics);
  counting.streamOpened();
  counting.streamOpened();
  await eventually(() => expect(b.inForce().maxConnections).toBe(1));
  counting.streamClosed(1, false);
  await eventually(() => expect(b.inForce().maxConnections).toBe(2));
  b.gone(1);
  expect(b.inForce().maxConnections).toBe(3);
});

test("a token's streams on both loops count, also when the limit is set while they are open", async () => {
  const { live, told, a, b } = pair({ maxStreamsPerToken: 0 });
  expect([a.quotas.stream("t"), a.quotas.stream("t")]).toEqual([true, true]);
  live.replace(configWith({ maxStreamsPerToken: 3 }));
  await eventually(() => expect(told.some(({ loop, tokens }) => loop === 1 && tokens.length === 1)).toBe(true));
  // Where there was no limit nobody had to be told.
  expect(told.flatMap(({ tokens }) => tokens)).toEqual([["t", 2]]);
  expect([b.quotas.stream("t"), b.quotas.stream("t")]).toEqual([true, false]);
});

test("a loop that comes later is told what is open", async () => {
  const { told, a, b } = pair({ maxStreamsPerToken: 2 });
  a.quotas.stream("t");
  await eventually(() => expect(told).toHaveLength(1));
  b.gone(1);
  a.newcomer();
  await eventually(() => expect(told).toHaveLength(2));
  expect([b.quotas.stream("t"), b.quotas.stream("t")]).toEqual([true, false]);
});

test("all loops together have so many times the open files, and the configured streams", () => {
  const limitsFor = (maxConnections: number, loops: number) => {
    const config = proxyConfig.parse({ http: { maxConnections }, limits: { maxFileDescriptors: 1_000 } });
    return limitsOfLoops(new ReceivedConfig(config), loops)();
  };
  expect(limitsFor(7, 3)).toMatchObject({ maxConnections: 7, by: "max_connections" });
  expect(limitsFor(2_000, 3)).toMatchObject({ maxConnections: 2_000, by: "max_connections" });
  expect(limitsFor(10_000, 1)).toMatchObject({ maxConnections: 936, by: "open files", fileDescriptors: 968 });
  expect(limitsFor(10_000, 3)).toMatchObject({ maxConnections: 2_808, by: "open files", fileDescriptors: 2_904 });
});
