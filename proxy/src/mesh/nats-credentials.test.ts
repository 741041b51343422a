import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../hub/ports.ts";
import { passwordFromFile } from "./nats-credentials.ts";

let folder: string;
let warnings: string[];
const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: (line) => void warnings.push(line), error: quiet };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "revenprox-password-"));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("passwordFromFile", () => {
  it("reads the file at each connect, without the line end", () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "one\n");
    const authenticate = passwordFromFile({ user: "proxy", passwordFile }, log);
    expect(authenticate()).toEqual({ user: "proxy", pass: "one" });
    writeFileSync(passwordFile, "two");
    expect(authenticate()).toEqual({ user: "proxy", pass: "two" });
    expect(warnings).toEqual([]);
  });

  it("keeps the last password while the file is gone, and says so", () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "one");
    const authenticate = passwordFromFile({ user: "proxy", passwordFile }, log);
    authenticate();
    rmSync(passwordFile);
    expect(authenticate()).toEqual({ user: "proxy", pass: "one" });
    expect(warnings.join()).toContain("password_file");
  });

  it("sends nothing without a user", () => {
    expect(passwordFromFile({}, log)()).toBeUndefined();
  });
});
