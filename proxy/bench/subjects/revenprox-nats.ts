import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import { type Child, cores, spawnPinned, untilReady } from "../tool/processes.ts";
import { startProxy } from "./revenprox.ts";
import type { Place, Subject } from "./subject.ts";

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
export const startNats = async (place: Place): Promise<Nats> => {
  const folder = join(place.folder, "nats");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "nats.conf");
  await writeFile(
    file,
    `host: 127.0.0.1\nport: -1\njetstream { store_dir: ${JSON.stringify(join(folder, "store"))} }\n`,
  );
  const child = spawnPinned({ cores: cores.nats, program: await natsServer(), args: ["-c", file] });
  const port = await untilReady(child, () => portIn(child.output()));
  await untilReady(child, () => greets(Number(port)));
  return { url: `nats://127.0.0.1:${port}`, child };
};

export const revenproxNats: Subject = {
  name: "revenprox+nats",
  about: `the complete proxy with its journal in NATS JetStream on disk; NATS on core ${cores.nats}, not counted`,
  start: async (place) => {
    const nats = await startNats(place);
    const proxy = await startProxy(place, { REVENPROX_NATS__SERVERS: nats.url });
    return {
      ...proxy,
      stop: async () => {
        await proxy.stop();
        await nats.child.stop();
      },
    };
  },
};
