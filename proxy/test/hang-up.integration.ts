import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withFolder } from "./testing/effect-row.ts";
import { runningProxy, until } from "./testing/proxy-process.ts";

test("SIGHUPs while the proxy starts do not end it: it reads its files anew once it serves", () =>
  withFolder(async (folder) => {
    const file = join(folder, "proxy.toml");
    writeFileSync(file, "[http]\nmax_event_size = 1024\n");
    const { child, output, exited } = runningProxy(["--config", file]);
    // In the same turn in which a line arrives: a moment later it would have started.
    child.stdout.once("data", () => writeFileSync(file, "[http]\nmax_event_size = 2048\n"));
    child.stdout.on("data", () => output().includes("Configuration changed") || child.kill("SIGHUP"));
    try {
      await until("the change", () => {
        const { exitCode, signalCode } = child;
        if (exitCode !== null || signalCode !== null) throw new Error(`${signalCode} ended the proxy:\n${output()}`);
        return output().includes("Configuration changed: http.max_event_size") || undefined;
      });
      expect(output()).toContain("HTTP server started");
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  }));
