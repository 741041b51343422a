import { configKeys } from "@revenprox/contract/config/key-list";
import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { expect, test } from "vitest";
import { configView } from "./config-view.ts";
import { tomlName } from "./known-keys.ts";
import { mask } from "./masking.ts";

const view = configView(
  proxyConfig.parse({
    logLevel: "warn",
    http: { publishKeysDir: "/secret/keys", retryMs: 3_000 },
    nats: { servers: ["nats://a:4222"], user: "planted-user", passwordFile: "/secret/password" },
    management: { readTokenFile: "/secret/read" },
  }),
) as Record<string, Record<string, unknown>>;

test("every key is there under the name of a TOML file", () => {
  const names = Object.entries(view).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((key) => `${name}.${key}`)
      : [name],
  );
  expect(names.toSorted()).toEqual(configKeys.map(tomlName).toSorted());
});

test("values are those in force, null where nothing is set", () => {
  expect(view).toMatchObject({
    log_level: "warn",
    proxy_id: null,
    http: { retry_ms: 3_000 },
    nats: { servers: ["nats://a:4222"] },
    management: { admin_token_file: null },
  });
});

test("no secret, user or path is shown", () => {
  expect([view["http"]?.["publish_keys_dir"], view["nats"]?.["password_file"], view["nats"]?.["user"]]).toEqual([
    mask,
    mask,
    mask,
  ]);
  expect(JSON.stringify(view)).not.toMatch(/secret|planted/);
});
