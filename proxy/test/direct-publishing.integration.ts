import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { natsPermissions, natsUsers } from "@revenprox/contract/nats-subjects";
import { expect, test } from "vitest";
import { withFolder, withProxy } from "./testing/effect-row.ts";
import { openStream } from "./testing/raw-stream.ts";
import { ready, withNats } from "./testing/with-nats.ts";

const run = promisify(execFile);
const goExample = fileURLToPath(new URL("../../examples/direct-publishing/go", import.meta.url));
const instance = "apps_web";

const users = (): string => {
  const { publish, denyPublish, subscribe } = natsPermissions(instance).publisher;
  const permissions = { publish: { allow: publish, deny: denyPublish }, subscribe: { allow: subscribe } };
  return `authorization { users: ${JSON.stringify([
    { user: natsUsers.proxy, password: "of-the-proxy" },
    { user: natsUsers.publisher, password: "of-the-publisher", permissions },
  ])} }`;
};

test("the Go example publishes as the publisher, and a stream gets the event once however often it is run", () =>
  withFolder((folder) =>
    withNats(async (nats) => {
      const program = join(folder, "publish");
      await run("go", ["build", "-o", program, "."], { cwd: goExample });
      await writeFile(join(folder, "proxy"), "of-the-proxy");
      await writeFile(join(folder, "publisher"), "of-the-publisher\n");
      const environment = {
        REVENPROX_NATS__SERVERS: nats.url,
        REVENPROX_NATS__INSTANCE: instance,
        REVENPROX_NATS__USER: natsUsers.proxy,
        REVENPROX_NATS__PASSWORD_FILE: join(folder, "proxy"),
      };
      await withProxy(environment, async (proxy) => {
        await ready(proxy);
        const stream = openStream(proxy.port, "/events/orders/17");
        await stream.waitFor("id: ");
        const publish = async (key: string, data: string, ...more: string[]): Promise<number> => {
          const login = [
            "-server",
            nats.url,
            "-user",
            natsUsers.publisher,
            "-password-file",
            join(folder, "publisher"),
          ];
          const what = ["-instance", instance, "-topic", "orders/17", "-key", key, ...more, data];
          return Number((await run(program, [...login, ...what])).stdout);
        };
        const first = await publish("one", "gr\u00fc\u00dfe", "-event", "paid");
        expect(await publish("one", "gr\u00fc\u00dfe", "-event", "paid")).toBe(first);
        expect(await publish("two", "the last")).toBeGreaterThan(first);
        const text = await stream.waitFor("data: the last\n\n");
        expect(text.match(/^data: .*$/gm)).toEqual(["data: gr\u00fc\u00dfe", "data: the last"]);
        expect(text).toContain("event: paid\ndata: gr\u00fc\u00dfe\n\n");
        stream.close();
      });
    }, users()),
  ));
