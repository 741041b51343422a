import { configKeys } from "@revenprox/contract/config/key-list";
import { renameKeys, toCamelCase } from "@revenprox/contract/config/key-names";
import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { instanceOf } from "./instance.ts";
import { proxyToml } from "./proxy-toml.ts";

const read = (toml: string): Record<string, unknown> => renameKeys(parse(toml), toCamelCase);
const tomlOf = (spec: unknown) => proxyToml(instanceOf(inputOf(spec)));

const merged = (spec: unknown): Record<string, unknown> => {
  const { cold, live } = tomlOf(spec);
  const [a, b] = [read(cold), read(live)];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [x, y] = [a[name], b[name]];
      return [name, typeof x === "object" && typeof y === "object" ? { ...x, ...y } : (x ?? y)];
    }),
  );
};

describe("what the operator writes, the proxy can read", () => {
  test.each([
    ["{}", {}],
    ["an external NATS", externalWithCredentials],
    ["every key", everythingSet],
  ])("%s", (_, spec) => expect(proxyConfig.safeParse(merged(spec)).error).toBeUndefined());
});

test("every key of the user's arrives with its value", () => {
  expect(merged(everythingSet)).toMatchObject(everythingSet.config);
});

test("the test above sets every key that a user may set", () => {
  const unset = configKeys.filter(({ owner, section, name }) => {
    const config: Record<string, unknown> = everythingSet.config;
    const table = section === undefined ? config : (config[section] as Record<string, unknown> | undefined);
    return owner === "user" && table?.[name] === undefined;
  });
  expect(unset.map(({ section, name }) => `${section}.${name}`)).toEqual([]);
});

test("a live key is in the live file only, a cold one in the cold file only", () => {
  const { cold, live } = tomlOf(everythingSet);
  expect(cold).not.toMatch(/max_connections|log_level/);
  expect(live).not.toMatch(/max_age_sec|log_format|bind_address/);
});

test("without live keys the live file is empty", () => expect(tomlOf({}).live).toBe(""));

test("a larger journal than the volume bears is cut", () => {
  const config = { journal: { maxBytes: 1_099_511_627_776 } };
  expect(merged({ config })).toMatchObject({ journal: { maxBytes: 858_993_459, replicas: 1 } });
});

test("an external NATS is told no replicas, user or address of ours", () => {
  expect(merged(externalWithCredentials)).toMatchObject({
    nats: {
      servers: externalWithCredentials.nats.external.servers,
      instance: "apps_web",
      passwordFile: "/etc/revenprox/nats/password",
    },
  });
  expect(tomlOf(externalWithCredentials).cold).not.toMatch(/^(user|replicas) =/m);
});

test("a config that the contract refuses names the key", () => {
  const input = inputOf({});
  const spec = { ...input.revenprox.spec, config: { http: { retryMs: 1 } } };
  expect(() => instanceOf({ ...input, revenprox: { ...input.revenprox, spec } })).toThrow(
    /spec\.config\.http\.retryMs/,
  );
});
