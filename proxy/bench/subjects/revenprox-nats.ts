import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { type Child, cores, spawnPinned, untilReady } from "../tool/processes.ts";
import { startProxy } from "./revenprox.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

const instance = "bench";

export interface Nats {
  readonly url: string;
  readonly child: Child;
}

/** NATS tells its port only here. */
const portIn = (log: string): string | undefined => /Listening for client connections on [^\s]+:(\d+)/.exec(log)?.[1];

const greets = (port: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("data", () => {
        socket.destroy();
        resolve(true);
      })
      .once("error", () => resolve(undefined));
  });

/** A NATS server with a journal on disk, on a core of its own as far as there are enough. */
export const startNats = async (place: Place, on = cores.nats): Promise<Nats> => {
  const folder = join(place.folder, "nats");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "nats.conf");
  await writeFile(
    file,
    `host: 127.0.0.1\nport: -1\njetstream { store_dir: ${JSON.stringify(join(folder, "store"))} }\n`,
  );
  const child = spawnPinned({ cores: on, program: await natsServer(), args: ["-c", file] });
  const port = await untilReady(child, () => portIn(child.output()));
  await untilReady(child, () => greets(Number(port)));
  return { url: `nats://127.0.0.1:${port}`, child };
};

const startWithNats = async (place: Place): Promise<{ readonly nats: Nats; readonly proxy: RunningSubject }> => {
  const nats = await startNats(place);
  const proxy = await startProxy(place, { REVENPROX_NATS__SERVERS: nats.url, REVENPROX_NATS__INSTANCE: instance });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await nats.child.stop();
  };
  return { nats, proxy: { ...proxy, stop } };
};

export const revenproxNats: Subject = {
  name: "revenprox+nats",
  about: `the complete proxy with its journal, where it is on, in NATS JetStream on disk; NATS on core ${cores.nats}, not counted`,
  start: async (place) => (await startWithNats(place)).proxy,
};

/** Publishers that talk to NATS themselves: the proxy only delivers. */
export const revenproxDirect: Subject = {
  name: "revenprox+nats, published to NATS",
  about: "the same, but the events are published straight to NATS, each acknowledged by it",
  start: async (place) => {
    const { nats, proxy } = await startWithNats(place);
    return {
      ...proxy,
      publishTarget: new URL(nats.url).host,
      publish: { path: natsSubjects(instance).in("{topicId}"), headers: [], body: "{payload}", protocol: "nats" },
    };
  },
};
