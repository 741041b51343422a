import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withFolder } from "./testing/effect-row.ts";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, publish, type RawStream } from "./testing/raw-stream.ts";

/**
 * What a callback that never returns does: the process lives and its kernel takes connections, but nothing in it runs.
 * The loop stands still while `file` is there.
 */
const stuckWhile = (file: string): string => {
  const program = `import { existsSync } from "node:fs";
const cell = new Int32Array(new SharedArrayBuffer(4));
setInterval(() => {
  while (existsSync(${JSON.stringify(file)})) Atomics.wait(cell, 0, 0, 20);
}, 20).unref();`;
  return `--import=data:text/javascript,${encodeURIComponent(program)}`;
};

/** What a probe of kubelet sees that waits for so long. */
const probe = async (port: number, path: string, timeoutMs: number): Promise<number | "no answer" | "refused"> => {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(timeoutMs) });
    await answer.text();
    return answer.status;
  } catch (error) {
    return error instanceof DOMException && error.name === "TimeoutError" ? "no answer" : "refused";
  }
};

/** With the time-outs that the operator gives the probes of a pod. */
const probes = ({ port, managementPort }: ProxyProcess) =>
  Promise.all([
    probe(managementPort, "/livez", 5_000),
    probe(managementPort, "/readyz", 2_000),
    probe(port, "/health", 5_000),
  ]);

const noAnswers = ["no answer", "no answer", "no answer"];

describe.each(engines)("a proxy whose event loop stands still, on %s", (engine) => {
  /** `before` is a stream that was open already. */
  interface Stuck {
    readonly proxy: ProxyProcess;
    readonly before: RawStream;
    goOn(): Promise<void>;
  }

  const withStuck = (use: (stuck: Stuck) => Promise<void>): Promise<void> =>
    withFolder(async (folder) => {
      const file = join(folder, "stuck");
      const proxy = await startOn(engine, { NODE_OPTIONS: stuckWhile(file) });
      try {
        const before = openStream(proxy.port, "/events/t");
        await before.waitFor("id: ");
        expect(await probes(proxy)).toEqual([200, 200, 200]);
        await writeFile(file, "");
        await until("the loop to stand still", async () => (await probe(proxy.port, "/health", 500)) === "no answer");
        await use({ proxy, before, goOn: () => rm(file) });
        before.close();
      } finally {
        await proxy.stop();
      }
    });

  test("no probe gets an answer; when it goes on all is as before, and open streams were not ended", () =>
    withStuck(async ({ proxy, before, goOn }) => {
      const stream = openStream(proxy.port, "/events/t");
      expect(await probes(proxy)).toEqual(noAnswers);
      expect(stream.raw().length).toBe(0);
      await goOn();
      // What waited in the kernel is served now.
      await stream.waitFor("id: ");
      expect(await probes(proxy)).toEqual([200, 200, 200]);
      await publish(proxy.port, "t", "after it");
      await Promise.all([before, stream].map((each) => each.waitFor("after it")));
      expect(proxy.child.exitCode).toBeNull();
      stream.close();
    }));

  test("it does not hear SIGTERM either: it ends with the SIGKILL that kubelet sends after the grace period", () =>
    withStuck(async ({ proxy, before }) => {
      proxy.child.kill("SIGTERM");
      expect(await probes(proxy)).toEqual(noAnswers);
      expect([proxy.child.exitCode, proxy.child.signalCode]).toEqual([null, null]);
      expect(before.body().kind).toBe("open");
      proxy.child.kill("SIGKILL");
      await Promise.all([proxy.exited, before.closed]);
      expect(proxy.child.signalCode).toBe("SIGKILL");
      expect(proxy.output()).not.toMatch(/shutting down/i);
    }));
});
