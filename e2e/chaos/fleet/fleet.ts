import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "./member.ts";
import { createNatsNode } from "./nats-node.ts";
import { plugIn, type RunName } from "./network.ts";
import { createProxyNode, isReady } from "./proxy-node.ts";

export interface FleetSize {
  readonly natsNodes: number;
  readonly proxies: number;
  readonly maxEventsPerTopic: number;
}

export interface Fleet {
  readonly run: RunName;
  readonly nats: readonly Member[];
  readonly proxies: readonly Member[];
}

const indexes = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Starts servers and proxies, each in a network namespace of its own, and waits until all of them are ready. */
export const startFleet = async (
  run: RunName,
  size: FleetSize,
  folder: string,
  natsProgram: string,
): Promise<Fleet> => {
  const logs = join(folder, "logs");
  mkdirSync(logs, { recursive: true });
  const { natsNodes, proxies, maxEventsPerTopic } = size;
  const fleet: Fleet = {
    run,
    nats: indexes(natsNodes).map((index) =>
      createNatsNode({ run, index, nodes: natsNodes, program: natsProgram, logs }),
    ),
    proxies: indexes(proxies).map((index) => createProxyNode({ run, index, natsNodes, maxEventsPerTopic, logs })),
  };
  for (const place of [...fleet.nats, ...fleet.proxies]) await plugIn(run, place);
  await Promise.all(fleet.nats.map((node) => node.start()));
  await Promise.all(fleet.proxies.map((proxy) => proxy.start()));
  await allReady(fleet);
  return fleet;
};

export const allReady = async ({ proxies }: Fleet): Promise<void> => {
  const deadline = Date.now() + 90_000;
  for (const proxy of proxies) {
    while (!(await isReady(proxy))) {
      if (Date.now() > deadline) throw new Error(`${proxy.member} is not ready after 90 s; its log:\n${proxy.log(30)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

export const endFleet = async ({ nats, proxies }: Fleet): Promise<void> => {
  await Promise.all([...proxies, ...nats].map((member) => member.kill()));
};
