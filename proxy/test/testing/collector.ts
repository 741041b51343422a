import { spawn } from "node:child_process";
import { once } from "node:events";
import { otlpReceiver } from "@revenprox/cluster";
import { freePort } from "../../src/mesh/testing/free-port.ts";
import { until } from "./proxy-process.ts";
import { type ReceivedSpan, spansOf } from "./trace-receiver.ts";

/** The OTLP receiver of the OpenTelemetry Collector in a process of its own. */
export interface Collector {
  readonly url: string;
  spans(): readonly ReceivedSpan[];
  stop(): Promise<void>;
}

export const startCollector = async (): Promise<Collector> => {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(await otlpReceiver(), [address], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "close");
  let [output, told] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  await until(
    "the receiver to listen",
    () => {
      if (child.exitCode !== null) throw new Error(`the receiver ended: ${told}`);
      return told.includes("listening") ? true : undefined;
    },
    60_000,
  );
  return {
    url: `http://${address}`,
    spans: () =>
      output
        .slice(0, output.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .flatMap(spansOf),
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
};
