import fc from "fast-check";
import { expect, test } from "vitest";
import { causeOf } from "../healing/ailments.ts";
import { podKind } from "../kube/kinds.ts";
import type { LiveObject } from "../kube/object.ts";
import { liveObject } from "../kube/testing/fakes.ts";
import { resourceOf } from "../testing/resource.ts";
import { askLoad } from "./ask-load.ts";
import { createFleet } from "./fleet.ts";
import type { ManagementAnswer, ManagementCall } from "./management-call.ts";

const load = {
  streams: 7,
  limit: 50,
  topics: 2,
  draining: false,
  degraded: ["journal"],
  nats_connected: false,
  breaker: "open",
  moved: 3,
  shedding: 1,
};

const pod = (name: string, address: string, app = "revenprox"): LiveObject => ({
  ...liveObject(podKind, name, { labels: { app } }),
  status: { podIP: address, conditions: [{ type: "Ready", status: "True" }] },
});

const fleetWith = (answer: (call: ManagementCall) => ManagementAnswer | Promise<ManagementAnswer>) => {
  const calls: ManagementCall[] = [];
  let now = 0;
  const silent: string[] = [];
  const call = async (asked: ManagementCall) => {
    calls.push(asked);
    return answer(asked);
  };
  const fleet = createFleet({
    secrets: { value: async (...names) => names.join(" ") },
    ask: askLoad(call),
    call,
    now: () => now,
    onSilent: (name) => silent.push(name),
  });
  return { fleet, calls, silent, pass: (ms: number) => (now += ms) };
};

const revenprox = resourceOf({});
const fine = () => ({ status: 200, body: load });

test("proxies are asked at their pods' addresses, with the read token", async () => {
  const { fleet, calls } = fleetWith(fine);
  const pods = [pod("a", "10.0.0.1"), pod("nats", "10.0.0.2", "revenprox-nats")];
  expect(await fleet.read(revenprox, pods, 0)).toEqual([
    {
      pod: "a",
      uid: "uid-a",
      owner: "",
      ready: true,
      goneBy: undefined,
      figures: {
        streams: 7,
        limit: 50,
        topics: 2,
        draining: false,
        degraded: ["journal"],
        natsConnected: false,
        breaker: "open",
        moved: 3,
        shedding: 1,
      },
    },
  ]);
  expect(calls).toEqual([{ address: "10.0.0.1", path: "/api/v1/load", token: "apps web-management-tokens read" }]);
});

test("figures are believed for as long as is said, and pods that go count until their time", async () => {
  const { fleet, calls, pass } = fleetWith(fine);
  const leaving = pod("a", "10.0.0.1");
  const gone = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: "1970-01-01T00:01:00Z" } };
  await fleet.read(revenprox, [leaving], 1_000);
  pass(1_000);
  expect(await fleet.read(revenprox, [gone], 1_000)).toMatchObject([{ ready: false, goneBy: 60_000 }]);
  expect(calls).toHaveLength(1);
  pass(1);
  await fleet.read(revenprox, [gone], 1_000);
  expect(calls).toHaveLength(2);
  expect(fleet.known([gone])).toMatchObject([{ figures: { streams: 7 } }]);
  expect(fleet.lastOf("uid-a")).toMatchObject({ streams: 7 });
});

test.each<[string, () => ManagementAnswer]>([
  [
    "nothing",
    () => {
      throw new Error("no route");
    },
  ],
  ["a refusal", () => ({ status: 401, body: {} })],
  ["no object", () => ({ status: 200, body: [] })],
  ["no counts", () => ({ status: 200, body: { ...load, streams: "many" } })],
  ["a negative count", () => ({ status: 200, body: { ...load, moved: -1 } })],
])("a proxy that answers %s has no figures, and the others have theirs", async (_, answer) => {
  const { fleet, silent } = fleetWith(({ address }) => (address === "10.0.0.1" ? answer() : fine()));
  const read = await fleet.read(revenprox, [pod("a", "10.0.0.1"), pod("b", "10.0.0.2")], 0);
  expect(read.map(({ figures }) => figures?.streams)).toEqual([undefined, 7]);
  expect(silent).toEqual(["a"]);
});

const { streams, limit, topics, ...later } = load;

test.each([
  ["says nothing but what it holds", { streams, limit }, { topics: 0 }],
  ["does not say whether it reaches NATS", { streams, limit, topics, moved: 3 }, { topics: 2, moved: 3 }],
  ["says more than is known here", { streams, limit, topics, tomorrow: { of: ["x"] }, breaker: "half" }, { topics: 2 }],
])("a build of another version that %s: nothing is made of what is not told", async (_, body, more) => {
  expect(Object.keys(later)).toHaveLength(6);
  const { fleet, silent } = fleetWith(() => ({ status: 200, body }));
  const [read] = await fleet.read(revenprox, [pod("a", "10.0.0.1")], 0);
  const told = { draining: false, degraded: [], natsConnected: true, breaker: undefined, moved: 0, shedding: 0 };
  expect(read?.figures).toEqual({ streams, limit, ...told, ...more });
  expect(silent).toEqual([]);
  expect(read === undefined ? "none" : causeOf(read)).toBeUndefined();
});

test("whatever a proxy answers, reading it fails for nobody", async () => {
  const field = fc.constantFrom(...Object.keys(load), "active_connections", "max_connections_effective", "x");
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
  const answer = fc.record({ status: fc.constantFrom(200, 204, 301, 401, 404, 500), body });
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
      let next = 0;
      const { fleet } = fleetWith(() => answers[next++ % answers.length] ?? { status: 200, body: {} });
      const pods = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2")];
      const read = await fleet.read(revenprox, pods, 0);
      expect(read.map((each) => each.pod)).toEqual(["a", "b"]);
      for (const { figures } of read)
        if (figures !== undefined) expect(Object.values(figures).some((value) => Number.isNaN(value))).toBe(false);
      const wish = { pod: "a", streams: 1, keep: 1, ratePerSec: 1 };
      expect(typeof (await fleet.shed(revenprox, pods, [wish]))).toBe("boolean");
    }),
    { numRuns: 300 },
  );
});

test("an older build is asked for what it tells", async () => {
  const older = { active_connections: 4, max_connections_effective: 9, topics: 1 };
  const { fleet } = fleetWith(({ path }) =>
    path === "/api/v1/load" ? { status: 404, body: {} } : { status: 200, body: older },
  );
  expect(await fleet.read(revenprox, [pod("a", "10.0.0.1")], 0)).toMatchObject([
    { figures: { streams: 4, limit: 9, topics: 1, draining: false, natsConnected: true, breaker: undefined } },
  ]);
});

test("a shed goes to the pod it is for, with the admin token, and its figures are asked for anew", async () => {
  const { fleet, calls } = fleetWith(({ path }) => (path === "/api/v1/shed" ? { status: 202, body: {} } : fine()));
  const pods = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2")];
  await fleet.read(revenprox, pods, 0);
  const wish = { pod: "b", streams: 5, keep: 2, ratePerSec: 10 };
  expect(await fleet.shed(revenprox, pods, [wish])).toBe(true);
  expect(calls.at(-1)).toEqual({
    address: "10.0.0.2",
    path: "/api/v1/shed",
    token: "apps web-management-tokens admin",
    body: { streams: 5, keep: 2, rate_per_sec: 10 },
  });
  await fleet.read(revenprox, pods, 1_000);
  expect(calls.at(-1)?.address).toBe("10.0.0.2");
  expect(await fleet.shed(revenprox, pods, [{ ...wish, pod: "foreign" }])).toBe(false);
});
