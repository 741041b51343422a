import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProxy, startProxyProcess, until } from "./testing/proxy-process.ts";
import { publish } from "./testing/raw-stream.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "proxy-config-"));
});
afterEach(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

test("a bad configuration starts nothing and lists every fault", async () => {
  const a = await file("a.toml", '[http]\nmax_conections = 5\nretry_ms = 1\n\n[journal]\nreplicas = "two"\n');
  const b = await file("b.toml", "http.retry_ms = 2000\n");
  const { code, output } = await runProxy(["--config", a, "--config", b, "--config", join(folder, "none.toml")], {
    REVENPROX_LOGLEVEL: "info",
  });
  expect(code).toBe(2);
  expect(output.split("\n")).toEqual([
    "The configuration has 6 faults:",
    expect.stringMatching(/none\.toml: cannot be read: ENOENT/),
    `  ${a}:2: unknown key http.max_conections; did you mean http.max_connections?`,
    `  ${b}:1: http.retry_ms is already set at ${a}:3`,
    "  REVENPROX_LOGLEVEL: no such setting; did you mean REVENPROX_LOG_LEVEL?",
    `  ${a}:3: http.retry_ms = 1: must be a whole number from 1000 to 60000`,
    `  ${a}:6: journal.replicas = "two": must be a whole number from 1 to 5`,
    "",
  ]);
});

test.each<[string, readonly string[], number, RegExp]>([
  ["--check-config", ["--check-config"], 0, /^configuration is valid\n$/],
  ["--version", ["--version"], 0, /^\d+\.\d+\.\d+\n$/],
  ["--help", ["--help"], 0, /^Usage: /],
  ["an unknown option", ["--confg", "x"], 2, /--confg.*Usage: /s],
])("%s", async (_name, args, code, output) => {
  const ran = await runProxy(args);
  expect([ran.code, ran.output]).toEqual([code, expect.stringMatching(output)]);
});

test("live keys are taken over from a changed file, a bad file is refused, a restart key is named", async () => {
  const path = await file("p.toml", 'log_level = "info"\n[http]\nmax_event_size = 1024\n');
  const proxy = await startProxyProcess({}, ["--config", path]);
  const big = "x".repeat(2_000);
  await expect(publish(proxy.port, "a", big)).rejects.toThrow("event_too_large");

  await writeFile(path, "[http]\nmax_event_size = 4096\nallow_unauthenticated = true\n");
  await until("the change", () =>
    proxy.output().includes("Configuration changed: http.max_event_size") ? true : undefined,
  );
  await publish(proxy.port, "a", big);
  expect(proxy.output()).toContain(
    "WARN] Changed keys that take effect only after a restart: http.allow_unauthenticated",
  );

  await writeFile(path, "[http]\nmax_event_size = 1\n");
  await until("the refusal", () =>
    proxy.output().includes(`${path}:2: http.max_event_size = 1: must be`) ? true : undefined,
  );
  await publish(proxy.port, "a", big);

  await writeFile(path, "[http]\nmax_event_size = 1024\n");
  proxy.child.kill("SIGHUP");
  await until(
    "the second change",
    async () => {
      const response = await fetch(`http://127.0.0.1:${proxy.port}/events/a`, { method: "POST", body: big });
      return response.status === 413 ? true : undefined;
    },
    1_500,
  );
  await proxy.stop();
});

test("without keys only this machine is served, and the log says how to change that", async () => {
  const proxy = await startProxyProcess({ REVENPROX_HTTP__BIND_ADDRESS: "0.0.0.0:0" });
  expect(proxy.output()).toMatch(
    /WARN\] No publish key is set, so the data plane listens on 127\.0\.0\.1:\d+ instead of 0\.0\.0\.0:0: set http\.publish_keys_dir/,
  );
  await proxy.stop();
});

test("with keys only they may publish, and a new key is taken over", async () => {
  const secret = "a-secret-of-20-chars";
  const proxy = await startProxyProcess({ REVENPROX_HTTP__PUBLISH_KEYS_DIR: folder });
  const attempt = async (authorization?: string): Promise<string | number> => {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/events/a`, {
      method: "POST",
      body: "x",
      headers: authorization === undefined ? {} : { authorization },
    });
    return response.status === 202 ? 202 : ((await response.json()) as { code: string }).code;
  };
  expect([await attempt(), await attempt(`Bearer ${secret}`)]).toEqual(["credentials_missing", "credentials_invalid"]);
  await file("first", secret);
  await until("the key", async () => ((await attempt(`Bearer ${secret}`)) === 202 ? true : undefined));
  const metrics = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  expect(Number(/^revenprox_auth_requests_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(3);
  expect(Number(/^revenprox_auth_failures_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(2);
  expect(proxy.output()).not.toContain(secret);
  await proxy.stop();
});

test("JSON logs name the address and the proxy", async () => {
  const proxy = await startProxyProcess({ REVENPROX_LOG_FORMAT: "json", REVENPROX_PROXY_ID: "proxy-1" });
  const started = proxy
    .output()
    .split("\n")
    .find((line) => line.includes("HTTP server started"));
  expect(Object.entries(JSON.parse(started ?? "{}")).slice(0, 5)).toEqual([
    ["timestamp", expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)],
    ["level", "INFO"],
    ["message", expect.stringMatching(/^HTTP server started on 127\.0\.0\.1:\d+$/)],
    ["bind_address", "127.0.0.1:0"],
    ["proxy_id", "proxy-1"],
  ]);
  await proxy.stop();
});
