import { describe, expect, test } from "vitest";
import { configMapKind } from "./kinds.ts";
import { KubeError, KubeUnreachableError } from "./kube-error.ts";
import { fakeScheduler, fakeServer, liveObject } from "./testing/fakes.ts";
import { Watch } from "./watch.ts";

type Step = string | Error | "open";

const item = (name: string, resourceVersion: string) => liveObject(configMapKind, name, { resourceVersion });
const event = (type: string, object: unknown) => JSON.stringify({ type, object });
const expired = event("ERROR", { code: 410, reason: "Expired" });
const bookmark = (version: string) => event("BOOKMARK", { metadata: { resourceVersion: version } });

/** Each watch that is opened plays the next script: lines, then an error, an end, or nothing at all ("open"). */
const harness = (
  scripts: Step[][],
  list: () => unknown = () => ({ metadata: { resourceVersion: "5" }, items: [item("a", "4")] }),
) => {
  const scheduler = fakeScheduler();
  const seen: string[] = [];
  const delays: number[] = [];
  const { client, calls } = fakeServer(list, async function* ({ signal }) {
    for (const step of scripts.shift() ?? ["open"]) {
      if (step instanceof Error) throw step;
      if (step !== "open") yield step;
      else await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    }
  });
  const watch = new Watch({
    client,
    scheduler,
    manager: "m",
    target: { kind: configMapKind, labelSelector: "x=y" },
    namespace: undefined,
    observer: { listed: () => undefined, interrupted: (_, __, delay) => void delays.push(delay) },
    sink: {
      replaced: (objects, version) => seen.push(`list ${version} ${objects.map(({ metadata }) => metadata.name)}`),
      changed: ({ metadata }) => seen.push(`changed ${metadata.name} ${metadata.resourceVersion}`),
      removed: ({ metadata }) => seen.push(`removed ${metadata.name}`),
    },
  });
  const ended = watch.run();
  const finish = async () => {
    watch.stop();
    await ended;
  };
  const versionsAsked = () =>
    calls.filter((call) => call.startsWith("WATCH")).map((call) => /resourceVersion=(\d+)/.exec(call)?.[1]);
  const lists = () => calls.filter((call) => call.startsWith("GET")).length;
  return { watch, scheduler, seen, delays, calls, finish, versionsAsked, lists };
};

describe("Watch", () => {
  test("lists once, then follows with bookmarks", async () => {
    const { watch, scheduler, seen, calls, finish } = harness([
      [event("ADDED", item("b", "6")), event("DELETED", item("b", "7")), "open"],
    ]);
    expect(watch.synced).toBe(false);
    await scheduler.turn();
    expect(watch.synced).toBe(true);
    expect(seen).toEqual(["list 5 a", "changed b 6", "removed b"]);
    expect(calls[1]).toContain("allowWatchBookmarks=true");
    expect(calls[1]).toContain("labelSelector=x=y");
    await finish();
  });

  test.each([
    ["a lost connection", new KubeUnreachableError("reset")],
    ["an answer 500", new KubeError(500, "{}", "WATCH")],
  ])("after %s it goes on from the last version, without a list", async (_, lost) => {
    const { scheduler, versionsAsked, lists, finish } = harness([
      [event("ADDED", item("b", "6")), bookmark("9"), lost],
      [lost],
      ["open"],
    ]);
    await scheduler.turn();
    await scheduler.advance(250);
    await scheduler.advance(500);
    expect(versionsAsked()).toEqual(["5", "9", "9"]);
    expect(lists()).toBe(1);
    await finish();
  });

  test.each([
    ["an ERROR event", [expired]],
    ["an answer 410", [new KubeError(410, "{}", "WATCH")]],
    ["a kind that is gone", [new KubeError(404, "{}", "WATCH")]],
  ])("a version that the server no longer knows leads to a list: %s", async (_, script) => {
    const { scheduler, lists, versionsAsked, finish } = harness([script, ["open"]]);
    await scheduler.turn();
    await scheduler.advance(250);
    expect(lists()).toBe(2);
    expect(versionsAsked()).toEqual(["5", "5"]);
    await finish();
  });

  test("pauses grow to 30 s and never end, and an event makes them short again", async () => {
    const refused = new KubeUnreachableError("refused");
    const { scheduler, delays, finish } = harness([
      ...Array.from({ length: 12 }, () => [refused]),
      [bookmark("6"), refused],
      ["open"],
    ]);
    await scheduler.turn();
    for (let each = 0; each < 12; each++) await scheduler.advance(30_000);
    expect(delays.slice(0, 4).map(Math.round)).toEqual([250, 500, 1_000, 2_000]);
    expect(Math.round(delays[11] ?? 0)).toBe(30_000);
    expect(Math.round(delays[12] ?? 0)).toBe(250);
    await finish();
  });

  test("a server that ends each watch at once is not asked in a tight loop", async () => {
    const { scheduler, versionsAsked, finish } = harness([[], [], []]);
    await scheduler.turn();
    expect(versionsAsked()).toHaveLength(1);
    await scheduler.advance(250);
    expect(versionsAsked()).toHaveLength(2);
    await finish();
  });

  test("an object that cannot be read is met once, not for ever", async () => {
    const broken = event("ADDED", { metadata: { resourceVersion: "8" } });
    const { scheduler, versionsAsked, finish } = harness([[broken], ["open"]]);
    await scheduler.turn();
    await scheduler.advance(250);
    expect(versionsAsked()).toEqual(["5", "8"]);
    await finish();
  });

  test("reads all pages of a list, and an empty list of metadata", async () => {
    const pages = [
      { metadata: { resourceVersion: "5", continue: "more" }, items: [item("a", "1")] },
      { metadata: { resourceVersion: "5" }, items: null },
    ];
    const { scheduler, seen, calls, finish } = harness([], () => pages.shift());
    await scheduler.turn();
    expect(seen).toEqual(["list 5 a"]);
    expect(calls[1]).toContain("continue=more");
    await finish();
  });

  test("a watch that hangs makes no progress, one that only fails does: liveness tells them apart", async () => {
    const fails = Array.from({ length: 40 }, () => [new KubeUnreachableError("reset")]);
    const { watch, scheduler, finish } = harness(fails);
    await scheduler.turn();
    for (let second = 0; second < 600; second += 30) {
      await scheduler.advance(30_000);
      expect(watch.lastProgressAgeMs).toBeLessThanOrEqual(30_000);
    }
    expect(watch.lastEventAgeMs).toBe(600_000);
    await finish();
    const hanging = harness([["open"]]);
    await hanging.scheduler.turn();
    await hanging.scheduler.advance(600_000);
    expect(hanging.watch.lastProgressAgeMs).toBe(600_000);
    await hanging.finish();
  });

  test("the age of the last event grows while nothing comes", async () => {
    const { watch, scheduler, finish } = harness([]);
    await scheduler.turn();
    await scheduler.advance(70_000);
    expect(watch.lastEventAgeMs).toBe(70_000);
    await finish();
  });
});
