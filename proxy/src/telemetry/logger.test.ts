import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

const logged = (format: "text" | "json", level: "debug" | "info" = "info") => {
  const lines: string[] = [];
  const log = createLogger({
    level,
    format,
    base: { bind_address: "0.0.0.0:8080", proxy_id: "proxy-1" },
    destination: { write: (line) => lines.push(line) },
  });
  return { log, lines };
};

const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

test("text lines are the seed's", () => {
  const { log, lines } = logged("text");
  log.info("HTTP server started on 0.0.0.0:8080", { more: 1 });
  log.warn("Rate limit exceeded for IP 192.168.1.100");
  log.error("Webhook verification failed: timeout");
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(String.raw`^\[${stamp} INFO\] HTTP server started on 0\.0\.0\.0:8080\n$`)),
    expect.stringMatching(new RegExp(String.raw`^\[${stamp} WARN\] Rate limit exceeded for IP 192\.168\.1\.100\n$`)),
    expect.stringMatching(new RegExp(String.raw`^\[${stamp} ERROR\] Webhook verification failed: timeout\n$`)),
  ]);
});

test("JSON lines have the seed's fields in the seed's order", () => {
  const { log, lines } = logged("json");
  log.info("HTTP server started on 0.0.0.0:8080", { streams: 3 });
  const [line = ""] = lines;
  expect(Object.keys(JSON.parse(line))).toEqual([
    "timestamp",
    "level",
    "message",
    "bind_address",
    "proxy_id",
    "streams",
  ]);
  expect(JSON.parse(line)).toMatchObject({
    timestamp: expect.stringMatching(new RegExp(`^${stamp}$`)),
    level: "INFO",
    message: "HTTP server started",
    bind_address: "0.0.0.0:8080",
    proxy_id: "proxy-1",
    streams: 3,
  });
});

test("a line says what went wrong, and JSON has all that is known of it", () => {
  const fault = new TypeError("no such thing", { cause: new Error("the reason") });
  const text = logged("text");
  text.log.error("Opening failed", { topics: 1, fault });
  text.log.warn("NATS reports an error", { cause: "connection refused" });
  expect(text.lines).toEqual([
    expect.stringMatching(/ ERROR\] Opening failed: TypeError: no such thing\n$/),
    expect.stringMatching(/ WARN\] NATS reports an error: connection refused\n$/),
  ]);
  const json = logged("json");
  json.log.error("Opening failed", { fault });
  const line = JSON.parse(json.lines.join(""));
  expect(line.message).toBe("Opening failed: TypeError: no such thing");
  expect(line.fault).toMatch(/^TypeError: no such thing\n +at .*the reason/s);
});

test("the level can be changed while running; debug lines show their fields", () => {
  const { log, lines } = logged("text");
  log.debug("unseen");
  log.setLevel("debug");
  log.debug("seen", { topics: 2 });
  expect([log.level(), lines.length]).toEqual(["debug", 1]);
  expect(lines[0]).toContain('DEBUG] seen {"topics":2}\n');
});

test("a message cannot forge a second line", () => {
  const { log, lines } = logged("text");
  log.info("a\n[2024-01-15T10:30:45Z INFO] b");
  expect(lines.join("").match(/\n/g)).toHaveLength(1);
});
