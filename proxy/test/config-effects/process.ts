import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { until } from "../testing/proxy-process.ts";

const metricsStatus = async (port: number): Promise<number> => (await fetch(`http://127.0.0.1:${port}/metrics`)).status;

export const processRows: readonly EffectRow[] = [
  {
    key: "proxy_id",
    name: "every JSON line of the log carries it",
    run: () =>
      withProxy({ REVENPROX_PROXY_ID: "proxy-of-mine", REVENPROX_LOG_FORMAT: "json" }, async (proxy) => {
        const ids = proxy
          .output()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line).proxy_id);
        expect(new Set(ids)).toEqual(new Set(["proxy-of-mine"]));
      }),
  },
  {
    key: "log_level",
    name: "lines below it are not written, also when it changes in a file",
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "proxy.toml");
        const keys = "[http]\nallow_unauthenticated = true\nretry_ms =";
        await writeFile(file, "[http]\nretry_ms = 2000\n");
        const use = async (proxy: Parameters<Parameters<typeof withProxy>[1]>[0]): Promise<void> => {
          expect(proxy.output()).toContain(" INFO]");
          await writeFile(file, `log_level = "warn"\n${keys} 3000\n`);
          proxy.child.kill("SIGHUP");
          await until("the first warning", () => proxy.output().includes("only after a restart") || undefined);
          const before = proxy.output().length;
          await writeFile(file, `log_level = "warn"\n${keys} 4000\n`);
          proxy.child.kill("SIGHUP");
          await until("the second warning", () => proxy.output().slice(before).includes(" WARN]") || undefined);
          expect(proxy.output().slice(before)).not.toContain(" INFO]");
        };
        await withProxy({}, use, ["--config", file]);
      }),
  },
  {
    key: "log_format",
    name: "json: every line is one JSON object",
    run: () =>
      withProxy({ REVENPROX_LOG_FORMAT: "json" }, async (proxy) => {
        const lines = proxy.output().trim().split("\n");
        expect(lines.length).toBeGreaterThan(1);
        for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
      }),
  },
  {
    key: "metrics_enabled",
    name: "false: neither port serves /metrics",
    run: () =>
      withProxy({ REVENPROX_METRICS_ENABLED: "false" }, async ({ port, managementPort }) => {
        expect([await metricsStatus(port), await metricsStatus(managementPort)]).toEqual([404, 404]);
      }),
  },
  {
    key: "metrics_access",
    name: "private: only the management port serves /metrics",
    run: () =>
      withProxy({ REVENPROX_METRICS_ACCESS: "private" }, async ({ port, managementPort }) => {
        expect([await metricsStatus(port), await metricsStatus(managementPort)]).toEqual([404, 200]);
      }),
  },
];
