import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { NETWORK_NAMESPACE_FILE } from "./layout.ts";

export type ForwarderRequest = { kind: "open"; id: number; host: string; port: number } | { kind: "close"; id: number };
export type ForwarderReply = { kind: "opened" | "closed"; id: number };

export type Target = {
  /** Pod address, Service address, or the node's address. */
  host: string;
  port: number;
};

export type Forward = {
  /** On 127.0.0.1. */
  port: number;
  /** Stops listening and resets the open connections. */
  close(): Promise<void>;
};

export type Forwarder = {
  forward(target: Target): Promise<Forward>;
  /** Ends its process, and with it all its forwards. */
  end(): void;
};

export type ForwarderOptions = { logFile: string; env: NodeJS.ProcessEnv };

const PROGRAM = join(import.meta.dirname, "forwarder.ts");

/** The process of one host, for as long as a forward leads there. */
type Helper = { child: ChildProcess; forwards: number };

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/**
 * Makes a forwarder with a process for each host that a forward leads to: a connection takes two of the open files that
 * one process may have. They end with their last forward, and with this process.
 */
export function makeForwarder(options: ForwarderOptions): Forwarder {
  const helpers = new Map<string, Helper>();
  let lastId = 0;
  const helperOf = (host: string): Helper => {
    const known = helpers.get(host);
    if (known !== undefined && !hasEnded(known.child)) return known;
    const helper = { child: startForwarder(options, "with-parent"), forwards: 0 };
    helpers.set(host, helper);
    return helper;
  };
  const leave = (host: string, helper: Helper) => {
    helper.forwards -= 1;
    if (helper.forwards > 0) return;
    if (helpers.get(host) === helper) helpers.delete(host);
    helper.child.kill();
  };
  return {
    async forward(target) {
      const helper = helperOf(target.host);
      helper.forwards += 1;
      lastId += 1;
      const id = lastId;
      try {
        const port = await handOver(helper.child, { kind: "open", id, ...target });
        const close = async () => {
          if (!hasEnded(helper.child)) await ask(helper.child, { kind: "close", id });
          leave(target.host, helper);
        };
        return { port, close };
      } catch (error) {
        leave(target.host, helper);
        throw error;
      }
    },
    end: () => {
      for (const { child } of helpers.values()) child.kill();
    },
  };
}

/** Forwards a port by a process that outlives this one; returns the port and that process's number. */
export async function forwardForGood(
  target: Target,
  options: ForwarderOptions,
): Promise<{ port: number; pid: number }> {
  const child = startForwarder(options, "stay");
  const port = await handOver(child, { kind: "open", id: 1, ...target });
  if (child.pid === undefined) throw new Error(`the forwarder did not start; its log: ${options.logFile}`);
  child.disconnect();
  return { port, pid: child.pid };
}

function startForwarder({ logFile, env }: ForwarderOptions, life: "stay" | "with-parent"): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a");
  const child = spawn("nsenter", [`--net=${NETWORK_NAMESPACE_FILE}`, "--", process.execPath, PROGRAM, life], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    env,
  });
  closeSync(log);
  child.setMaxListeners(0);
  child.unref();
  child.channel?.unref();
  return child;
}

/** Listens on a free port of 127.0.0.1 and gives that socket to the forwarder. */
async function handOver(child: ChildProcess, request: ForwarderRequest): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1", 4096);
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port of 127.0.0.1 could be bound");
  await ask(child, request, server);
  await new Promise((resolve) => server.close(resolve));
  return bound.port;
}

function ask(child: ChildProcess, request: ForwarderRequest, server?: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const answered = (reply: unknown) => {
      if ((reply as ForwarderReply).id === request.id) settle(resolve);
    };
    const ended = () =>
      settle(() => reject(new Error("the forwarder ended before it answered; its log is in the state folder, logs/")));
    const settle = (outcome: () => void) => {
      child.off("message", answered).off("exit", ended).off("error", ended);
      child.channel?.unref();
      outcome();
    };
    child.channel?.ref();
    child.on("message", answered).on("exit", ended).on("error", ended);
    child.send(request, server, (error) => {
      if (error !== null) settle(() => reject(error));
    });
  });
}
