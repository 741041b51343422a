import { expect, test } from "vitest";
import { type GrowthLimits, type JournalClaim, nextGrowth, smallestKept } from "./growth.ts";

const gib = 1_073_741_824;
const free: GrowthLimits = { expandable: true, className: "fast", refusal: undefined };
const claim = (
  name: string,
  requested: number,
  capacity = requested,
  more: Partial<JournalClaim> = {},
): JournalClaim => ({
  name,
  requestedBytes: requested * gib,
  capacityBytes: capacity * gib,
  leaving: false,
  says: undefined,
  ...more,
});

type Case = readonly [string, readonly (JournalClaim | undefined)[], Partial<GrowthLimits>, string];
test.each<Case>([
  ["all are asked for at once", [claim("a", 2), claim("b", 2)], {}, "expand a, b"],
  ["only those that are too small", [claim("a", 5, 2), claim("b", 2)], {}, "expand b"],
  ["the API server decides where the class may not be read", [claim("a", 2)], { expandable: undefined }, "expand a"],
  [
    "a class that allows none",
    [claim("a", 2)],
    { expandable: false },
    "StorageClass fast has no allowVolumeExpansion: set it to true where its driver can expand volumes (a)",
  ],
  [
    "what the API server refused",
    [claim("a", 2)],
    { expandable: undefined, refusal: "only dynamically provisioned" },
    "the API server refuses larger claims (a): only dynamically provisioned",
  ],
  [
    "a class that has changed its mind counts no more once it was asked",
    [claim("a", 5, 2)],
    { expandable: false },
    "the file system of a is being enlarged",
  ],
  [
    "what a claim says",
    [claim("a", 5), claim("b", 5, 2, { says: "Waiting for user to (re-)start a pod" })],
    {},
    "the file system of b is being enlarged (Waiting for user to (re-)start a pod)",
  ],
  ["file systems of the size", [claim("a", 5), claim("b", 8)], {}, "grown"],
  ["a claim that is not there yet", [claim("a", 5), undefined], {}, "1 of 2 servers have a volume claim"],
  ["a claim that goes", [claim("a", 2, 2, { leaving: true })], {}, "claim a is being deleted"],
])("%s", (_, claims, limits, wanted) => {
  const step = nextGrowth("5Gi", claims, { ...free, ...limits });
  const said =
    step.kind === "expand"
      ? `expand ${step.claims.map(({ name }) => name).join(", ")}`
      : step.kind === "grown"
        ? "grown"
        : step.why;
  expect(said).toBe(wanted);
});

test("of volumes that are left the smallest counts, and none that goes", () => {
  expect(smallestKept([claim("a", 5, 2), claim("b", 5), claim("c", 1, 1, { leaving: true }), undefined])).toBe(
    String(2 * gib),
  );
  expect(smallestKept([undefined])).toBeUndefined();
});
