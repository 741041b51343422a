import { expect, test } from "vitest";
import { LiveConfigHolder } from "./live-config.ts";
import { loadConfig } from "./load-config.ts";

const loaded = (text: string) => loadConfig({ files: [{ file: "p.toml", text }], environment: {} });

const holder = (text: string): LiveConfigHolder => {
  const start = loaded(text);
  if (start.kind === "faults") throw new Error("the test's own configuration is faulty");
  return new LiveConfigHolder(start.config);
};

test("live keys are taken over and told, others only named", () => {
  const live = holder("[http]\nmax_connections = 1");
  const seen: number[] = [];
  live.onChange((config) => seen.push(config.http.maxConnections));
  expect(live.reload(loaded("[http]\nmax_connections = 2\nallow_unauthenticated = true"))).toEqual({
    kind: "applied",
    changed: ["http.max_connections"],
    needRestart: ["http.allow_unauthenticated"],
  });
  expect(seen).toEqual([2]);
  expect(live.current().http).toMatchObject({ maxConnections: 2, allowUnauthenticated: false });
  expect(live.pendingRestart()).toEqual(["http.allow_unauthenticated"]);
  live.reload(loaded("[http]\nmax_connections = 2"));
  expect(live.pendingRestart()).toEqual([]);
});

test("what stands beside a key that is taken over stays as it is, also what waits for a restart", () => {
  const live = holder("[http]\nmax_connections = 1\nretry_ms = 1_234\nallow_unauthenticated = true");
  live.reload(loaded("[http]\nmax_connections = 2\nretry_ms = 1_234"));
  expect(live.current().http).toMatchObject({ maxConnections: 2, retryMs: 1_234, allowUnauthenticated: true });
});

test("a faulty configuration changes nothing", () => {
  const live = holder('log_level = "warn"');
  expect(live.reload(loaded("log_level = 1")).kind).toBe("refused");
  expect(live.current().logLevel).toBe("warn");
});

test("the same content again is no change", () => {
  expect(holder("[http]\nretry_ms = 1000").reload(loaded("[http]\nretry_ms = 1_000")).kind).toBe("unchanged");
});
