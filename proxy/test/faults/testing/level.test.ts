import { describe, expect, it } from "vitest";
import { faultsOf } from "./level.ts";
import type { Received } from "./stream-client.ts";

const record: readonly Received[] = Array.from({ length: 6 }, (_, index) => ({
  id: `7-00${index}`,
  data: `e ${index}`,
}));
const accepted = new Map(record.map(({ id, data }) => [data, id]));
const swapped = (at: number): readonly Received[] =>
  record.with(at, record[at + 1] as Received).with(at + 1, record[at] as Received);

describe("the check of what a client got", () => {
  it("finds nothing wrong with a complete record, also over two epochs", () => {
    expect(faultsOf(record, accepted)).toEqual([]);
    const later = { id: "8-001", data: "anew" };
    expect(faultsOf([...record, later], new Map([...accepted, ["anew", later.id]]))).toEqual([]);
  });

  it.each([
    { name: "an event removed", got: record.toSpliced(2, 1), fault: "lost 1: 7-002" },
    { name: "the last event removed", got: record.slice(0, -1), fault: "lost 1: 7-005" },
    { name: "an event doubled", got: record.toSpliced(2, 0, record[2] as Received), fault: "doubled 1: 7-002" },
    { name: "two events swapped", got: swapped(2), fault: "disordered 1: 7-002 after 7-003" },
    { name: "an id changed", got: record.with(2, { id: "7-009", data: "e 2" }), fault: "strange 1: 7-009" },
    { name: "an event that nobody published", got: [...record, { id: "7-006", data: "?" }], fault: "strange 1: 7-006" },
    { name: "an epoch that goes back", got: [...record, { id: "6-009", data: "e 0" }], fault: "disordered 1: 6-009" },
  ])("finds $name", ({ got, fault }) => {
    expect(faultsOf(got, accepted).join("; ")).toContain(fault);
  });
});
