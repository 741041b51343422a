import { describe, expect, it } from "vitest";
import { createPeerTable } from "./peer-table.ts";
import { type Presence, parsePresence, writePresence } from "./presence-message.ts";

const presence = (changes: Partial<Presence> = {}): Presence => ({
  proxyId: "a",
  epoch: 1,
  build: "1.0",
  topics: 2,
  connections: 3,
  bye: false,
  ...changes,
});

describe("the table of peers", () => {
  it("knows a peer from its first word until the time-out", () => {
    const table = createPeerTable(1_000);
    expect(table.heard(presence(), 0)).toBe("new");
    expect(table.heard(presence({ topics: 9 }), 500)).toBe("known");
    expect(table.peers(1_499)).toEqual([{ ...presence({ topics: 9 }), lastHeardAt: 500 }]);
    expect(table.peers(1_500)).toEqual([]);
  });

  it("takes a restarted proxy for a new peer in the place of the old one", () => {
    const table = createPeerTable(1_000);
    table.heard(presence(), 0);
    expect(table.heard(presence({ epoch: 2 }), 1)).toBe("new");
    expect(table.heard(presence({ epoch: 1 }), 2)).toBe("ignored");
    expect(table.heard(presence({ epoch: 1, bye: true }), 3)).toBe("ignored");
    expect(table.peers(4).map((peer) => peer.epoch)).toEqual([2]);
  });

  it("lets go of a peer that says goodbye", () => {
    const table = createPeerTable(1_000);
    table.heard(presence(), 0);
    expect(table.heard(presence({ bye: true }), 1)).toBe("gone");
    expect(table.heard(presence({ bye: true }), 2)).toBe("ignored");
    expect(table.peers(3)).toEqual([]);
  });

  it("has room for a bounded number of peers", () => {
    const table = createPeerTable(1_000, 2);
    expect(table.heard(presence({ proxyId: "a" }), 0)).toBe("new");
    expect(table.heard(presence({ proxyId: "b" }), 500)).toBe("new");
    expect(table.heard(presence({ proxyId: "c" }), 500)).toBe("ignored");
    expect(table.heard(presence({ proxyId: "b" }), 900)).toBe("known");
    expect(table.heard(presence({ proxyId: "c" }), 1_000)).toBe("new");
  });
});

describe("a presence message", () => {
  it.each([presence(), presence({ bye: true })])("is read as it was written", (written) => {
    expect(parsePresence(writePresence(written))).toEqual(written);
  });

  it("may carry fields of a later build", () => {
    const payload = { ...JSON.parse(writePresence(presence())), v: 2, digests: [] };
    expect(parsePresence(JSON.stringify(payload))).toEqual(presence());
  });

  it.each([
    "",
    "null",
    "[]",
    JSON.stringify({ ...presence() }),
    JSON.stringify({ v: 1, ...presence({ proxyId: "" }) }),
    JSON.stringify({ v: 1, ...presence({ proxyId: "x".repeat(257) }) }),
    JSON.stringify({ v: 1, ...presence({ topics: -1 }) }),
    JSON.stringify({ v: 1, ...presence(), epoch: "1" }),
  ])("is none: %s", (payload) => {
    expect(parsePresence(payload)).toBeUndefined();
  });
});
