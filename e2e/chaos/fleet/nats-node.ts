import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Member, waitFor } from "./member.ts";
import type { RunName } from "./network.ts";

export const natsPort = 4222;
const routePort = 6222;

export const natsAddress = (index: number): string => `10.83.1.${index + 1}`;

export interface NatsNodeParts {
  readonly run: RunName;
  readonly index: number;
  readonly nodes: number;
  readonly program: string;
  readonly logs: string;
}

const configOf = ({ run, index, nodes }: NatsNodeParts): string => {
  const name = `n${index + 1}`;
  const routes = Array.from({ length: nodes }, (_, other) => `nats://${natsAddress(other)}:${routePort}`);
  const cluster =
    nodes === 1 ? "" : `cluster { name: chaos, listen: "0.0.0.0:${routePort}", routes: [${routes.join(", ")}] }`;
  return [
    `server_name: ${name}`,
    `listen: "0.0.0.0:${natsPort}"`,
    // Room for what one leaves behind at a kill: JetStream reserves the journal's bound on each server.
    `jetstream { store_dir: ${JSON.stringify(join(run.folder, name))}, max_file_store: 4GB }`,
    cluster,
    "",
  ].join("\n");
};

/** Resolves true when the server says its first word, which it does when it takes clients. */
const greets = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(natsPort, address);
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", done(true)).once("error", done(false)).once("close", done(false));
    socket.setTimeout(2_000, done(false));
  });

/** A real nats-server with a file store that outlives its restarts. */
export const createNatsNode = (parts: NatsNodeParts): Member => {
  const member = `n${parts.index + 1}`;
  const address = natsAddress(parts.index);
  mkdirSync(parts.run.folder, { recursive: true });
  const config = join(parts.run.folder, `${member}.conf`);
  writeFileSync(config, configOf(parts));
  return new Member({
    run: parts.run,
    member,
    address,
    program: parts.program,
    args: ["-c", config],
    environment: {},
    logFile: join(parts.logs, `${member}.log`),
    ready: (node) => waitFor(node, "its greeting", () => greets(address)),
  });
};
