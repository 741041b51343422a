import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pruneVersions } from "./cache-entry.ts";

describe("pruneVersions", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "revenprox-prune-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function addEntry(name: string, usedAt: number): Promise<void> {
    await mkdir(join(folder, name));
    await utimes(join(folder, name), usedAt, usedAt);
  }

  it("keeps the three versions used last", async () => {
    const versions = ["1", "2", "3", "4", "5"].map((digit) => `image-proxy-${digit.repeat(16)}`);
    for (const [index, version] of versions.entries()) await addEntry(version, 1000 - index);
    await pruneVersions(folder, "image-proxy");
    expect((await readdir(folder)).sort()).toEqual(versions.slice(0, 3));
  });

  it("removes half-made versions and leaves other entries alone", async () => {
    const hash = "a".repeat(16);
    for (const name of [
      `image-proxy-${hash}.partial`,
      `image-proxy-base-${hash}`,
      `image-operator-${hash}.partial`,
      "image-proxy-notes",
    ]) {
      await addEntry(name, 1);
    }
    await pruneVersions(folder, "image-proxy");
    expect((await readdir(folder)).sort()).toEqual([
      `image-operator-${hash}.partial`,
      `image-proxy-base-${hash}`,
      "image-proxy-notes",
    ]);
  });
});
