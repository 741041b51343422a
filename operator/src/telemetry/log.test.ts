import { expect, test } from "vitest";
import { createLog, describeError } from "./log.ts";

const lines = (format: "text" | "json", level: "debug" | "info") => {
  const written: string[] = [];
  const log = createLog({ level, format, destination: { write: (line) => void written.push(line) } });
  return { log, written };
};

test("text is the proxy's format and stays one line", () => {
  const { log, written } = lines("text", "info");
  log.info("watching\nRevenProxes", { count: 1 });
  log.debug("not written");
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO\] watching\\u000aRevenProxes\n$/);
});

test("text at debug level shows the fields", () => {
  const { log, written } = lines("text", "debug");
  log.debug("applied", { name: "a" });
  expect(written[0]).toMatch(/DEBUG\] applied \{"name":"a"\}\n$/);
});

test("json has timestamp, level and message first", () => {
  const { log, written } = lines("json", "info");
  log.warn("slow", { name: "a" });
  const record = JSON.parse(written[0] ?? "") as Record<string, unknown>;
  expect(Object.keys(record)).toEqual(["timestamp", "level", "message", "name"]);
  expect(record).toMatchObject({ level: "WARN", message: "slow", name: "a" });
});

test("an error is told with its causes", () => {
  expect(describeError(new Error("outer", { cause: new Error("inner") }))).toBe("outer (inner)");
});
