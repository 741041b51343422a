import { expect, test } from "vitest";
import { unstoredEpoch } from "../hub/ports.ts";
import { topicOf } from "../hub/testing/hub-under-test.ts";
import { HeardPlaces } from "./heard-places.ts";

const [a, b] = [topicOf("a").topicId, topicOf("b").topicId];

test("numbers what is heard over all topics, each after what its topic heard before", () => {
  const places = new HeardPlaces();
  const [onA, onB] = [places.follow(a), places.follow(b)];
  const heard = [onA.next(), onB.next(), onA.next()];
  expect(heard.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
  expect(heard.map(({ previous }) => previous)).toEqual([1, 1, 2]);
  expect(places.known).toEqual({ epoch: unstoredEpoch, sequence: 4 });
  expect(places.tails([a, b])).toMatchObject({
    checkedTo: 4,
    last: new Map([
      [a, 0],
      [b, 0],
    ]),
  });
});

test("a loss is an entry of the topics that were followed, and of no other", () => {
  const places = new HeardPlaces();
  const onA = places.follow(a);
  onA.next();
  places.lost();
  const onB = places.follow(b);
  expect(places.tails([a, b]).last).toEqual(
    new Map([
      [a, 3],
      [b, 0],
    ]),
  );
  expect(places.page(a, 2)).toEqual({ events: [], missed: true, completeTo: 3, end: true });
  expect(places.page(b, 3)).toEqual({ events: [], missed: false, completeTo: 3, end: true });
  // Not before the gap is told.
  expect(onA.next()).toEqual({ sequence: 4, previous: 3 });
  expect(onB.next()).toEqual({ sequence: 5, previous: 3 });
});

test("what was heard and let go is gone", () => {
  const places = new HeardPlaces();
  const onA = places.follow(a);
  onA.next();
  expect(places.page(a, 1)).toEqual({ events: [], missed: true, completeTo: 2, end: true });
  expect(places.page(a, 2)).toMatchObject({ missed: false, completeTo: 2 });
});

test("a topic that is followed anew has lost nothing of before", () => {
  const places = new HeardPlaces();
  const first = places.follow(a);
  first.next();
  places.lost();
  const second = places.follow(a);
  first.stop();
  expect(places.tails([a]).last).toEqual(new Map([[a, 0]]));
  second.stop();
  expect(places.page(a, 0)).toMatchObject({ missed: false });
});
