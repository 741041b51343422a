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

test("the namespace of its own pods is known where the chart says it", () => {
  expect(readSettings({ ...images, POD_NAMESPACE: "system" }).operator.namespace).toBe("system");
  expect(readSettings(images).operator).not.toHaveProperty("namespace");
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
  ["LEASE_NAMESPACE", "Upper"],
  ["LEASE_NAME", "a b"],
  ["LEASE_DURATION_SECONDS", "0"],
  ["POD_NAME", "Pod"],
  ["POD_NAMESPACE", "a b"],
])("%s=%j is named", (name, value) => {
  expect(() => readSettings({ ...images, [name]: value })).toThrow(`${name}=${JSON.stringify(value)} must be`);
});

test("with a namespace for its Lease it is elected, as client-go is by default", () => {
  expect(readSettings(images).election).toBeUndefined();
  expect(readSettings({ ...images, LEASE_NAMESPACE: "system" }).election).toEqual({
    lease: { namespace: "system", name: "revenprox-operator" },
    times: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
  });
});

test("a leader that may write for as long as its Lease lasts is refused", () => {
  expect(() => readSettings({ ...images, LEASE_RENEW_DEADLINE_SECONDS: "15" })).toThrow(
    "LEASE_DURATION_SECONDS must be more than LEASE_RENEW_DEADLINE_SECONDS",
  );
});

test("all faults are told at once", () => {
  const read = () => readSettings({ LOG_LEVEL: "loud" });
  expect(read).toThrow(InvalidSettingsError);
  expect(read).toThrow(/PROXY_IMAGE is not set[\s\S]*NATS_IMAGE is not set[\s\S]*LOG_LEVEL="loud"/);
});
