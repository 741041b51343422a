import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cached, contentHash } from "./cache.ts";
import { missingPackages } from "./debian-packages.ts";
import { isRecentEnough } from "./go.ts";

beforeEach(async () => {
  vi.stubEnv("REVENPROX_CACHE", await mkdtemp(join(tmpdir(), "revenprox-cache-test-")));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("makes an entry once for the same inputs, also when asked twice at once", async () => {
  let made = 0;
  const make = async (folder: string) => {
    made += 1;
    await writeFile(join(folder, "result"), "done");
  };
  const [first, second] = await Promise.all([cached("thing", ["a"], make), cached("thing", ["a"], make)]);
  expect(first).toBe(second);
  expect(await readFile(join(first, "result"), "utf8")).toBe("done");
  expect(await cached("thing", ["b"], make)).not.toBe(first);
  expect(made).toBe(2);
});

test("a making that fails leaves nothing that counts, and what it wrote is gone at the next", async () => {
  const failing = async (folder: string) => {
    await writeFile(join(folder, "half"), "");
    throw new Error("out of disk");
  };
  await expect(cached("thing", ["a"], failing)).rejects.toThrow("out of disk");
  const entry = await cached("thing", ["a"], async () => undefined);
  expect(existsSync(join(entry, "half"))).toBe(false);
});

test("the hash tells apart inputs that read the same when joined", () => {
  expect(contentHash(["ab", "c"])).not.toBe(contentHash(["a", "bc"]));
});

test.each([
  ["go1.26", true],
  ["go1.26.8", true],
  ["go1.30rc1", true],
  ["go2.0", true],
  ["go1.25.9", false],
  ["go1.9", false],
  ["devel", false],
])("Go %s is recent enough: %s", (version, expected) => {
  expect(isRecentEnough(version)).toBe(expected);
});

test("names the Debian packages of the programs that are missing", () => {
  expect(missingPackages(() => true)).toEqual([]);
  expect(missingPackages((program) => program !== "nft" && program !== "/usr/lib/cni/bridge")).toEqual([
    "containernetworking-plugins",
    "nftables",
  ]);
});
