import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Log } from "../hub/ports.ts";
import { PublishKeys } from "./publish-keys.ts";

const secret = "0123456789abcdef";
const other = "fedcba9876543210";

const now = Date.parse("2027-01-01T00:00:00Z");
let folder: string;
let lines: string[];
let keys: PublishKeys;

const worth = (asked: string, topic = "a") => keys.verify(asked, topic).kind;

const write = (line: string): void => {
  lines.push(line);
};
const log: Log = { debug: write, info: write, warn: write, error: write };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keys-"));
  lines = [];
  keys = new PublishKeys({ folder, log, now: () => now });
});
afterEach(async () => {
  keys.stop();
  await rm(folder, { recursive: true });
});

test("a key is valid from its file's appearance to its removal", async () => {
  await keys.start();
  expect(worth(secret)).toBe("invalid");
  await writeFile(join(folder, "default"), ` ${secret}\n`);
  await keys.refresh();
  expect(worth(secret)).toBe("valid");
  await rm(join(folder, "default"));
  await keys.refresh();
  expect(worth(secret)).toBe("invalid");
});

test("a Secret mount is followed when Kubernetes swaps its link", async () => {
  await mkdir(join(folder, "..1"));
  await writeFile(join(folder, "..1", "default"), secret);
  await symlink("..1", join(folder, "..data"));
  await symlink(join("..data", "default"), join(folder, "default"));
  await keys.start();
  expect(worth(secret)).toBe("valid");
  await mkdir(join(folder, "..2"));
  await writeFile(join(folder, "..2", "default"), other);
  await symlink("..2", join(folder, "..tmp"));
  await rename(join(folder, "..tmp"), join(folder, "..data"));
  await keys.refresh();
  expect([worth(secret), worth(other)]).toEqual(["invalid", "valid"]);
});

test("what is no key is left out and named without its content", async () => {
  await writeFile(join(folder, "short"), "0123456789");
  await writeFile(join(folder, "two-words"), `${secret} ${other}`);
  await mkdir(join(folder, "directory"));
  await writeFile(join(folder, "good"), secret);
  await keys.start();
  expect(worth("0123456789")).toBe("invalid");
  expect(lines.join("\n")).toMatch(/directory.*\n.*short.*\n.*two-words/);
  expect(lines.at(-1)).toBe(`Publish keys read from ${folder}: good`);
  expect(lines.join("\n")).not.toMatch(/0123456789|fedcba/);
});

test("a folder that vanishes lets nobody publish", async () => {
  await writeFile(join(folder, "default"), secret);
  await keys.start();
  await rm(folder, { recursive: true });
  await keys.refresh();
  expect(worth(secret)).toBe("invalid");
  await mkdir(folder);
});

test.each([
  [`secret = "${secret}"\ntopics = ["orders/*", "exact"]\n`, "orders/1", "valid"],
  [`secret = "${secret}"\ntopics = ["orders/*", "exact"]\n`, "exact", "valid"],
  [`secret = "${secret}"\ntopics = ["orders/*", "exact"]\n`, "exactly", "other-topic"],
  [`secret = "${secret}"\ntopics = []\n`, "a", "other-topic"],
  [`secret = "${secret}"\nexpires = 2027-01-01T00:00:01Z\n`, "a", "valid"],
  [`{"secret": "${secret}", "expires": "2026-12-31T23:59:59Z"}`, "a", "expired"],
  [`{"secret": "${secret}", "topics": ["*"], "expires": "2027-06-01T00:00:00+02:00"}`, "a", "valid"],
  [`{"secret": "${secret}", "expires": "tomorrow"}`, "a", "invalid"],
  [`{"secret": "${secret}", "topic": "a"}`, "a", "invalid"],
  [`{"secret": "${secret}"`, "a", "invalid"],
  [`secret = "short"\n`, "a", "invalid"],
])("a key file %j on topic %s is %s", async (text, topic, verdict) => {
  await writeFile(join(folder, "k"), text);
  await keys.start();
  expect(worth(secret, topic)).toBe(verdict);
  expect(lines.join("\n")).not.toContain(secret);
});

test("two keys with one secret: the one that allows counts, so that a rotation can overlap", async () => {
  await writeFile(join(folder, "a-old"), `{"secret": "${secret}", "expires": "2026-12-31T23:59:59Z"}`);
  await writeFile(join(folder, "b-new"), `{"secret": "${secret}"}`);
  await keys.start();
  expect(keys.verify(secret, "a")).toEqual({ kind: "valid", id: "b-new" });
});

test("a remembered secret is asked for its topic each time, and what was rotated away is not remembered", async () => {
  await writeFile(join(folder, "orders"), JSON.stringify({ secret, topics: ["orders*"] }));
  await keys.start();
  for (const _ of [1, 2]) expect([worth(secret, "orders/1"), worth(secret, "a")]).toEqual(["valid", "other-topic"]);
  // As long, and different in the last character only.
  expect(worth(`${secret.slice(0, -1)}0`, "orders/1")).toBe("invalid");
  await writeFile(join(folder, "orders"), other);
  await keys.refresh();
  expect([worth(secret, "orders/1"), worth(other, "orders/1")]).toEqual(["invalid", "valid"]);
});

test("more secrets than are remembered are all good", async () => {
  const secrets = Array.from({ length: 9 }, (_, index) => `secret-number-${index}-of-nine`);
  await Promise.all(secrets.map((each, index) => writeFile(join(folder, `key-${index}`), each)));
  await keys.start();
  for (const _ of [1, 2])
    expect(secrets.map((each) => keys.verify(each, "a"))).toEqual(
      secrets.map((_, index) => ({ kind: "valid", id: `key-${index}` })),
    );
});
