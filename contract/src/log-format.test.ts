import { expect, test } from "vitest";
import { jsonLine, logTimestamp, textLine } from "./log-format.ts";

const at = (time: string): string => logTimestamp(Date.parse(time));

test.each([
  ["2024-01-15T10:30:45Z", "INFO", "HTTP server started on 0.0.0.0:8080"],
  ["2024-01-15T10:30:46Z", "INFO", "Connected to peer tcp://proxy2:5555"],
  ["2024-01-15T10:31:00Z", "WARN", "Rate limit exceeded for IP 192.168.1.100"],
  ["2024-01-15T10:32:15Z", "ERROR", "Webhook verification failed: timeout"],
])("text is the seed's line: [%s %s] %s", (time, level, message) => {
  const fields = { bind_address: "0.0.0.0:8080", proxy_id: "proxy-1" };
  expect(textLine({ timestamp: at(time), level, message, fields })).toBe(`[${time} ${level}] ${message}\n`);
});

test("JSON is the seed's object, key by key", () => {
  const line = jsonLine({
    timestamp: at("2024-01-15T10:30:45Z"),
    level: "INFO",
    // The address is in a field of its own.
    message: "HTTP server started on 0.0.0.0:8080",
    fields: { bind_address: "0.0.0.0:8080", proxy_id: "proxy-1" },
  });
  expect(line).toBe(
    '{"timestamp":"2024-01-15T10:30:45Z","level":"INFO","message":"HTTP server started","bind_address":"0.0.0.0:8080","proxy_id":"proxy-1"}\n',
  );
});

test("parts of a second are left out", () => {
  expect(at("2024-01-15T10:30:45.999Z")).toBe("2024-01-15T10:30:45Z");
});

const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

test.each([
  ["Authorization: Bearer abc.DEF-123/+=", "Authorization: Bearer ***"],
  ["GET /events/a?token=abc123&last=5", "GET /events/a?token=***&last=5"],
  ["cannot reach nats://user:pass@host:4222", "cannot reach nats://***@host:4222"],
  [`refused ${jwt}.`, "refused ***."],
  ["a Bearer of news, and ? key = value", "a Bearer *** news, and ? key = value"],
  ["Rate limit exceeded for IP fe80::1", "Rate limit exceeded for IP fe80::1"],
])("of %j nobody reads a secret", (message, expected) => {
  const record = { timestamp: "t", level: "DEBUG", message, fields: {} };
  expect(textLine(record)).toBe(`[t DEBUG] ${expected}\n`);
  expect(JSON.parse(jsonLine(record))).toMatchObject({ message: expected });
});

test("nor in a field, in either format", () => {
  const fields = { token: 'se"cret', jwt, nested: { Authorization: "Bearer abcdef", password: "hunter2" }, topics: 2 };
  const record = { timestamp: "t", level: "DEBUG", message: "m", fields };
  for (const line of [textLine(record), jsonLine(record)]) {
    expect(line).not.toMatch(/cret|eyJ|abcdef|hunter2/);
    expect(line).toContain('"topics":2');
  }
  expect(JSON.parse(jsonLine(record))).toMatchObject({ token: "***", nested: { password: "***" } });
});
