import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { until } from "../testing/proxy-process.ts";

const secret = "a-token-of-20-chars-";

const level = async (port: number, method: "GET" | "PUT", token?: string): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/log-level`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === "PUT" ? { "content-type": "application/json" } : {}),
    },
    ...(method === "PUT" ? { body: '{"level":"info"}' } : {}),
  });
  return response.status;
};

/** Runs `use` with a proxy whose token file for `key` holds the secret. */
const withToken = (key: string, use: (port: number) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    const file = join(folder, "token");
    await writeFile(file, secret);
    await withProxy({ [`REVENPROX_MANAGEMENT__${key}`]: file }, async ({ managementPort }) => {
      await until("the token", async () => ((await level(managementPort, "GET", secret)) === 200 ? true : undefined));
      await use(managementPort);
    });
  });

export const managementRows: readonly EffectRow[] = [
  {
    key: "management.bind_address",
    name: "the management plane listens there and nowhere else",
    run: () =>
      withProxy({ REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.8:0" }, async ({ managementPort }) => {
        expect((await fetch(`http://127.0.0.8:${managementPort}/livez`)).status).toBe(200);
        await expect(fetch(`http://127.0.0.1:${managementPort}/livez`)).rejects.toThrow("fetch failed");
      }),
  },
  {
    key: "management.read_token_file",
    name: "its token reads, changes nothing, and nobody reads without one",
    run: () =>
      withToken("READ_TOKEN_FILE", async (port) => {
        expect([
          await level(port, "GET"),
          await level(port, "GET", "another"),
          await level(port, "PUT", secret),
        ]).toEqual([401, 401, 403]);
      }),
  },
  {
    key: "management.admin_token_file",
    name: "its token changes settings, and nobody does without one",
    run: () =>
      withToken("ADMIN_TOKEN_FILE", async (port) => {
        expect([
          await level(port, "PUT"),
          await level(port, "PUT", "another"),
          await level(port, "PUT", secret),
        ]).toEqual([401, 401, 200]);
      }),
  },
];
