import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManagementTokens } from "./management-tokens.ts";

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokens-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  [true, "admin"],
  [false, "nobody"],
] as const)("without tokens, loopback %s means %s", (loopback, role) => {
  expect(
    new ManagementTokens({ readTokenFile: undefined, adminTokenFile: undefined, loopback, log }).role(undefined),
  ).toBe(role);
});

test("each token has its role, and a rotated one is taken over", async () => {
  const readTokenFile = join(folder, "read");
  const adminTokenFile = join(folder, "admin");
  await writeFile(readTokenFile, "r1\n");
  await writeFile(adminTokenFile, "a1");
  const tokens = new ManagementTokens({ readTokenFile, adminTokenFile, loopback: true, log });
  await tokens.refresh();
  expect([undefined, "r1", "a1", "x", ""].map((secret) => tokens.role(secret))).toEqual([
    "missing",
    "read",
    "admin",
    "invalid",
    "invalid",
  ]);
  await writeFile(readTokenFile, "r2");
  await rm(adminTokenFile);
  await tokens.refresh();
  expect(["r1", "r2", "a1"].map((secret) => tokens.role(secret))).toEqual(["invalid", "read", "invalid"]);
});
