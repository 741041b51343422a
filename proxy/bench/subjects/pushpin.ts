import { cpSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { type Child, spawnPinned, untilReady } from "../tool/processes.ts";
import { libraryPath } from "./debian-folder.ts";
import { freePort } from "./free-port.ts";
import { listens } from "./listens.ts";
import type { Place, Subject } from "./subject.ts";

export const pushpinPackages = ["pushpin"] as const;

/** Tells Pushpin to hold each request as a stream of the channel that its path names. */
const startOrigin = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      response.writeHead(200, {
        "Content-Type": "text/event-stream",
        "Grip-Hold": "stream",
        "Grip-Channel": (request.url ?? "").replace("/events/", ""),
      });
      response.end("retry: 2000\n\n");
    });
    server.listen({ port, host: "127.0.0.1", backlog: 4_096 }, () => resolve(server));
  });

interface Ports {
  readonly streams: number;
  readonly publish: number;
  readonly origin: number;
}

/** The packaged configuration, with other ports and folders, and without its limit on messages a second. */
const configure = async (packages: string, folder: string, ports: Ports): Promise<string> => {
  const library = join(folder, "lib");
  cpSync(join(packages, "usr/lib/pushpin"), library, { recursive: true });
  // Debian runs zurl as a service of its own; here Pushpin starts it.
  const internal = join(library, "internal.conf");
  const specs = await readFile(internal, "utf8");
  await writeFile(internal, specs.replaceAll("ipc:///var/run/zurl/zurl-", "ipc://{rundir}/{ipc_prefix}zurl-"));
  const packaged = await readFile(join(packages, "usr/share/pushpin/pushpin.conf.condure"), "utf8");
  const zurl = join(library, "runner/zurl.conf.template");
  await writeFile(zurl, (await readFile(zurl, "utf8")).replace(/^deny=.*$/m, "deny="));
  const changes: readonly (readonly [key: string, value: string])[] = [
    ["services", "condure,zurl,pushpin-proxy,pushpin-handler"],
    ["rundir", join(folder, "run")],
    ["http_port", `127.0.0.1:${ports.streams}`],
    ["logdir", join(folder, "log")],
    ["log_level", "0"],
    ["client_maxconn", "19000"],
    ["routesfile", join(folder, "routes")],
    ["push_in_spec", `ipc://${join(folder, "run/in")}`],
    ["push_in_sub_specs", `ipc://${join(folder, "run/sub")}`],
    ["command_spec", `ipc://${join(folder, "run/command")}`],
    ["push_in_http_port", String(ports.publish)],
    ["message_rate", "100000000"],
    ["message_hwm", "1000000"],
  ];
  const text = changes
    .reduce((before, [key, value]) => before.replace(new RegExp(`^#?${key}=.*$`, "m"), `${key}=${value}`), packaged)
    .replace("[global]", `[global]\nlibdir=${library}`);
  await Promise.all(["run", "log"].map((name) => mkdir(join(folder, name), { recursive: true })));
  await writeFile(join(folder, "routes"), `* 127.0.0.1:${ports.origin}\n`);
  const file = join(folder, "pushpin.conf");
  await writeFile(file, text);
  return file;
};

const startChild = async (packages: string, { cores, folder }: Place, ports: Ports): Promise<Child> => {
  const file = await configure(packages, folder, ports);
  const child = spawnPinned({
    cores,
    program: join(packages, "usr/bin/pushpin"),
    args: [`--config=${file}`],
    environment: {
      LD_LIBRARY_PATH: libraryPath(packages),
      PATH: `${join(packages, "usr/bin")}:${process.env["PATH"] ?? ""}`,
    },
  });
  await untilReady(child, () => listens(ports.streams));
  await untilReady(child, () => listens(ports.publish));
  return child;
};

/** Pushpin with its helpers; `packages` is the folder that Debian's packages were unpacked to. */
export const pushpin = (packages: string): Subject => ({
  name: "pushpin",
  about: "Pushpin with condure and zurl, from Debian's packages; all its processes on the one core",
  start: async (place) => {
    const [streams, publish, origin] = [await freePort(), await freePort(), await freePort()];
    const server = await startOrigin(origin);
    const child = await startChild(packages, place, { streams, publish, origin });
    return {
      target: `127.0.0.1:${streams}`,
      publishTarget: `127.0.0.1:${publish}`,
      stream: { path: "/events/{topic}", headers: [] },
      publish: {
        path: "/publish/",
        headers: ["Content-Type: application/json"],
        body: '{"items":[{"channel":"{topic}","formats":{"http-stream":{"content":"data: {payload}\\n\\n"}}}]}',
      },
      // With more of them some streams open and never get an event.
      connectsAtOnce: 4,
      pids: [child.pid],
      stop: async () => {
        await child.stop();
        server.closeAllConnections();
        server.close();
      },
    };
  },
});
