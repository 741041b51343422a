import { natsServer } from "@revenprox/cluster";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { until } from "../testing/proxy-process.ts";
import { type Entry, journalContents } from "./testing/journal-contents.ts";
import { metricOf } from "./testing/observed.ts";
import { type Publisher, startPublisher } from "./testing/publisher.ts";
import { withScene } from "./testing/scene.ts";
import { openClient, type Received } from "./testing/stream-client.ts";

const cutPoints = 1_000;
const perSecond = 500;
const groups = 10;
/** A stream of the topic alone, and one of two topics, of which one client each is on each pod at a time. */
const topics = Array.from({ length: groups * 3 }, (_, index) => `topic-${index}`);
/** Most cuts lie where what is stored and what is live meet. */
const recent = 40;

interface Cut {
  readonly topics: readonly string[];
  readonly after: number;
  readonly events: readonly Received[];
  readonly fault: string | undefined;
}

const sequenceOf = (id: string): number => Number.parseInt(id.split("-")[1] ?? "", 10);

/** Small and seeded, so that a failing run can be played again. */
const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
};

const placeAmong = (ids: readonly string[], random: () => number): string => {
  const reach = random() < 0.6 ? Math.min(recent, ids.length) : ids.length;
  return ids[ids.length - 1 - Math.floor(random() * reach)] ?? "";
};

/** Resumes at a random place and stays until something comes that was published after that. */
const cutAt = async (
  port: number,
  of: readonly string[],
  ids: readonly string[],
  random: () => number,
): Promise<Cut> => {
  const lastEventId = placeAmong(ids, random);
  const newest = Math.max(...ids.slice(-recent).map(sequenceOf));
  const path = of.length === 1 ? `/events/${of[0]}` : `/events?${of.map((topic) => `topic=${topic}`).join("&")}`;
  const client = openClient({ port, path, lastEventId });
  const met = (): boolean => sequenceOf(client.events.at(-1)?.id ?? "") > newest;
  const fault = await until("live events", () => client.ended !== undefined || met() || undefined, 60_000).then(
    () => client.ended ?? (client.gaps.length > 0 ? JSON.stringify(client.gaps) : undefined),
    String,
  );
  client.close();
  return { topics: of, after: sequenceOf(lastEventId), events: [...client.events], fault };
};

const cutAgain = async (
  ports: readonly number[],
  publisher: Publisher,
  ids: readonly string[],
  random: () => number,
): Promise<readonly Cut[]> => {
  const cuts: Cut[] = [];
  const places = ports.flatMap((port) =>
    Array.from({ length: groups }, (_, group) => {
      const [alone = "", one = "", two = ""] = topics.slice(group * 3);
      return [
        { port, of: [alone] },
        { port, of: [one, two] },
      ];
    }).flat(),
  );
  const perPlace = Math.ceil(cutPoints / places.length);
  await Promise.all(
    places.map(async ({ port, of }) => {
      for (let turn = 0; turn < perPlace; turn += 1) cuts.push(await cutAt(port, of, ids, random));
    }),
  );
  await publisher.stop();
  return cuts;
};

/** What the journal says the client had to get, up to the last event that it got. */
const expected = (cut: Cut, contents: ReadonlyMap<string, readonly Entry[]>): readonly Entry[] => {
  const to = sequenceOf(cut.events.at(-1)?.id ?? "");
  return cut.topics
    .flatMap((topic) => contents.get(topic) ?? [])
    .filter(({ sequence }) => sequence > cut.after && sequence <= to)
    .sort((left, right) => left.sequence - right.sequence);
};

test(
  `${cutPoints} streams that resume at random places, on pods that did not follow the topics, get the journal's tail`,
  { timeout: 240_000 },
  () =>
    withScene(async (scene) => {
      const seed = Number(process.env["REVENPROX_TEST_SEED"] ?? Math.floor(Math.random() * 1e9));
      const random = randomOf(seed);
      const nats = await startNats({ program: await natsServer() });
      scene.onEnd(() => nats.dispose());
      const forgetful = { REVENPROX_JOURNAL__INTEREST_LINGER_SEC: "0" };
      const [source, ...pods] = await Promise.all(
        ["source", "a", "b"].map((id) => scene.proxy(id, [nats.url], forgetful)),
      );
      const ports = pods.map(({ port }) => port);
      const ids: string[] = [];
      const publisher = startPublisher({
        ports: [source?.port ?? 0, ...ports],
        topics,
        perSecond,
        name: "e",
        onAccepted: (id) => void ids.push(id),
      });
      await until("a past to resume", () => ids.length > 1_000 || undefined);
      const cuts = await cutAgain(ports, publisher, ids, random);

      const contents = await journalContents(nats.url, scene.instance, topics);
      expect([...contents.values()].flat().length).toBe(publisher.accepted.size);
      expect(cuts.length).toBeGreaterThanOrEqual(cutPoints);
      for (const cut of cuts) {
        const got = cut.events.map(({ id, data }): Entry => ({ sequence: sequenceOf(id), data }));
        const where = `seed ${seed}, ${cut.topics.join("+")} after ${cut.after}`;
        expect(cut.fault, where).toBeUndefined();
        expect(got, where).toEqual(expected(cut, contents));
      }
      for (const pod of pods) expect(await metricOf(pod, "gaps_told_total")).toBe(0);
    }),
);
