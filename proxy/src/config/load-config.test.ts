import { describe, expect, test } from "vitest";
import { faultLine } from "./fault.ts";
import { type ConfigSources, loadConfig } from "./load-config.ts";

const load = (files: Readonly<Record<string, string>>, environment: ConfigSources["environment"] = {}) =>
  loadConfig({ files: Object.entries(files).map(([file, text]) => ({ file, text })), environment });

const faults = (...input: Parameters<typeof load>): readonly string[] => {
  const loaded = load(...input);
  return loaded.kind === "faults" ? loaded.faults.map(faultLine) : [];
};

const config = (...input: Parameters<typeof load>) => {
  const loaded = load(...input);
  if (loaded.kind === "faults") throw new Error(loaded.faults.map(faultLine).join("\n"));
  return loaded.config;
};

test("without any source the defaults apply", () => {
  expect(config({}).http).toMatchObject({ bindAddress: "0.0.0.0:8080", maxConnections: 100_000 });
});

test("files add up, the environment wins", () => {
  const loaded = config(
    {
      "a.toml": "[http]\nmax_connections = 5\nretry_ms = 3000",
      "b.toml": 'log_level = "warn"\nhttp.drain_rate_per_sec = 7',
    },
    { REVENPROX_HTTP__MAX_CONNECTIONS: "9", REVENPROX_NATS__SERVERS: "nats://a:4222, nats://b:4222", PATH: "/bin" },
  );
  expect(loaded.logLevel).toBe("warn");
  expect(loaded.http).toMatchObject({ maxConnections: 9, retryMs: 3_000, drainRatePerSec: 7 });
  expect(loaded.nats.servers).toEqual(["nats://a:4222", "nats://b:4222"]);
});

test("variables by which Kubernetes announces a Service are not ours", () => {
  expect(
    faults(
      {},
      {
        REVENPROX_SERVICE_HOST: "10.0.0.1",
        REVENPROX_PORT: "tcp://10.0.0.1:80",
        REVENPROX_PORT_8080_TCP_ADDR: "10.0.0.1",
        REVENPROX_NATS_SERVICE_PORT_CLIENT: "4222",
      },
    ),
  ).toEqual([]);
});

describe("a fault says where, what and what is allowed", () => {
  test.each<[string, Parameters<typeof load>, readonly string[]]>([
    [
      "unknown key",
      [{ "p.toml": "[http]\n\nmax_conections = 1" }],
      ["p.toml:3: unknown key http.max_conections; did you mean http.max_connections?"],
    ],
    ["unknown section", [{ "p.toml": "[htp]\nx = 1" }], ["p.toml:1: unknown key htp; did you mean http?"]],
    ["unknown top key", [{ "p.toml": "zzzzzzzzz = 1" }], ["p.toml:1: unknown key zzzzzzzzz"]],
    [
      "camel case",
      [{ "p.toml": "[http]\nmaxConnections = 1" }],
      ["p.toml:2: unknown key http.maxConnections; did you mean http.max_connections?"],
    ],
    [
      "wrong type",
      [{ "p.toml": '[http]\nmax_connections = "many"' }],
      ['p.toml:2: http.max_connections = "many": must be a whole number from 1 to 10000000'],
    ],
    [
      "fraction",
      [{ "p.toml": "http = { max_connections = 1.5 }" }],
      ["p.toml:1: http.max_connections = 1.5: must be a whole number from 1 to 10000000"],
    ],
    [
      "out of range",
      [{ "p.toml": "[http]\nretry_ms = 5" }],
      ["p.toml:2: http.retry_ms = 5: must be a whole number from 1000 to 60000"],
    ],
    ["boolean", [{ "p.toml": "metrics_enabled = 1" }], ["p.toml:1: metrics_enabled = 1: must be true or false"]],
    [
      "choice",
      [{ "p.toml": 'log_level = "loud"' }],
      ['p.toml:1: log_level = "loud": must be one of debug, info, warn, error'],
    ],
    [
      "form",
      [{ "p.toml": '[http]\nbind_address = "8080"' }],
      ['p.toml:2: http.bind_address = "8080": must be host:port, for example 127.0.0.1:8080'],
    ],
    [
      "list",
      [{ "p.toml": '[nats]\nservers = "nats://a:1"' }],
      ['p.toml:2: nats.servers = "nats://a:1": must be a list of texts, for example ["a", "b"]'],
    ],
    [
      "list element",
      [{ "p.toml": '[nats]\nservers = ["http://a"]' }],
      [
        'p.toml:2: nats.servers[0] = "http://a": must be nats://host:port or tls://host:port, without user name or password',
      ],
    ],
    [
      "list elements of a wrong type, or of none that is offered",
      [{ "p.toml": '[nats]\nservers = [5]\n[jwt_verifier]\nalgorithms = ["HS256"]' }],
      [
        'p.toml:4: jwt_verifier.algorithms[0] = "HS256": must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
        "p.toml:2: nats.servers[0] = 5: must be a text in quotes",
      ],
    ],
    [
      "a port that does not exist",
      [{ "p.toml": '[http]\nbind_address = "0.0.0.0:65536"' }],
      ['p.toml:2: http.bind_address = "0.0.0.0:65536": the port is at most 65535'],
    ],
    [
      "passwords in URLs, without telling them",
      [{ "p.toml": '[nats]\nservers = ["nats://u:planted@a:1"]\n[tracing]\nendpoint = "http://u:planted@b:1"' }],
      [
        'p.toml:2: nats.servers[0] = "nats://a:1/***": must be nats://host:port or tls://host:port, without user name or password',
        'p.toml:4: tracing.endpoint = "http://b:1/***": must be http://host:port or https://host:port, without user name, password or query',
      ],
    ],
    [
      "keys of RevenProx that are replaced",
      [
        {
          "p.toml":
            "[nng]\npub_buffer_size = 1\npub_bufer = 2\n[distributed_state]\nbloom_filter_fpr = 0.01\n[nats]\nuser = 'u'",
        },
        { REVENPROX_NNG__HEARTBEAT_INTERVAL_SEC: "30" },
      ],
      [
        "p.toml:2: nng.pub_buffer_size is a key of RevenProx that is replaced: set journal.max_in_flight, the publishes that may wait for the journal",
        "p.toml:3: unknown key nng.pub_bufer",
        "p.toml:5: distributed_state.bloom_filter_fpr is a key of RevenProx that is replaced: topics are counted exactly, so nothing is ever taken for what it is not",
        "REVENPROX_NNG__HEARTBEAT_INTERVAL_SEC: nng.heartbeat_interval_sec is a key of RevenProx that is replaced: set distributed_state.gossip_interval_sec",
      ],
    ],
    [
      "two keys that disagree",
      [{ "p.toml": "[distributed_state]\npeer_timeout_sec = 4" }],
      ["p.toml:2: distributed_state.peer_timeout_sec = 4: must be at least twice gossip_interval_sec (5)"],
    ],
    [
      "a wrong value and keys of another section that disagree",
      [{ "p.toml": "[http]\nretry_ms = 5\n[distributed_state]\npeer_timeout_sec = 4" }],
      [
        "p.toml:2: http.retry_ms = 5: must be a whole number from 1000 to 60000",
        "p.toml:4: distributed_state.peer_timeout_sec = 4: must be at least twice gossip_interval_sec (5)",
      ],
    ],
    [
      "a wrong value is not judged against the default that would stand in for it",
      [{ "p.toml": '[distributed_state]\ngossip_interval_sec = "1"\npeer_timeout_sec = 4' }],
      ['p.toml:2: distributed_state.gossip_interval_sec = "1": must be a number from 0.2 to 300'],
    ],
    [
      "a secret in the wrong place",
      [{ "p.toml": '[nats]\npassword_file = ["planted"]\nuser = ""' }],
      [
        'p.toml:3: nats.user = "***": must be a text in quotes that is not empty',
        'p.toml:2: nats.password_file = "***": must be a text in quotes that is not empty',
      ],
    ],
    [
      "section that is none",
      [{ "p.toml": "http = 1" }],
      ["p.toml:1: http is a section: write [http] on a line of its own"],
    ],
    [
      "same key in two files",
      [{ "a.toml": "[http]\nretry_ms = 1000", "b.toml": "\nhttp.retry_ms = 1000" }],
      ["b.toml:2: http.retry_ms is already set at a.toml:2"],
    ],
    [
      "unknown variable",
      [{}, { REVENPROX_HTTP_MAX_CONNECTIONS: "1" }],
      ["REVENPROX_HTTP_MAX_CONNECTIONS: no such setting; did you mean REVENPROX_HTTP__MAX_CONNECTIONS?"],
    ],
    [
      "variable of a wrong type",
      [{}, { REVENPROX_HTTP__MAX_CONNECTIONS: "1e3" }],
      ['REVENPROX_HTTP__MAX_CONNECTIONS: http.max_connections = "1e3": must be a whole number from 1 to 10000000'],
    ],
  ])("%s", (_name, input, expected) => {
    expect(faults(...input)).toEqual(expected);
  });

  test("a syntax error has line and column", () => {
    expect(faults({ "p.toml": "[http]\nmax_connections = = 1" })[0]).toMatch(/^p\.toml:2:\d+: not valid TOML: /);
  });

  test("all of them are listed at once", () => {
    const text = '[http]\nmax_connections = 0\nretry_ms = "x"\nfoo = 1\n[journal]\nreplicas = 9\n';
    expect(faults({ "p.toml": text, "q.toml": "oops" }, { REVENPROX_NOPE: "1" })).toHaveLength(6);
  });
});
