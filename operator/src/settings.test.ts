import { expect, test } from "vitest";
import { InvalidSettingsError, readSettings } from "./settings.ts";

const images = { PROXY_IMAGE: "ghcr.io/o/proxy:1", NATS_IMAGE: "localhost/nats:2" };

test("the images alone are enough", () => {
  expect(readSettings(images)).toMatchObject({
    namespaces: [],
    logLevel: "info",
    logFormat: "json",
    port: 8080,
    maxConcurrent: 8,
  });
});

test("namespaces are a list", () => {
  expect(readSettings({ ...images, WATCH_NAMESPACE: "a,b-2" }).namespaces).toEqual(["a", "b-2"]);
});

test.each([
  ["PROXY_IMAGE", ""],
  ["NATS_IMAGE", "two words"],
  ["WATCH_NAMESPACE", "Upper"],
  ["WATCH_NAMESPACE", "a,,b"],
  ["LOG_LEVEL", "loud"],
  ["LOG_FORMAT", "xml"],
  ["PORT", "65536"],
  ["RUNBOOK_BASE_URL", "ftp://x"],
  ["MAX_CONCURRENT_RECONCILES", "0"],
  ["TRACING_ENDPOINT", "http://user@collector"],
  ["TRACING_RATIO", "1.5"],
])("%s=%j is named", (name, value) => {
  expect(() => readSettings({ ...images, [name]: value })).toThrow(`${name}=${JSON.stringify(value)} must be`);
});

test("all faults are told at once", () => {
  const read = () => readSettings({ LOG_LEVEL: "loud" });
  expect(read).toThrow(InvalidSettingsError);
  expect(read).toThrow(/PROXY_IMAGE is not set[\s\S]*NATS_IMAGE is not set[\s\S]*LOG_LEVEL="loud"/);
});
