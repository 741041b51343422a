import type { Cluster } from "@revenprox/cluster";
import { runCommand } from "../environment/run-command.ts";

const name = "revenprox-outside";

/** A machine outside the built-in cluster whose packets the node forwards to pods. */
export interface Outside {
  /** Standard output of a program that runs there. */
  run(command: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

const mustRun = async (cluster: Cluster, args: readonly string[], input?: string): Promise<void> => {
  const { code, stderr } = await cluster.exec(args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
};

/**
 * A network namespace with `address`, behind the node as behind a router. Pods have no way back to it but through the
 * node's own address, which it gets after the rules for forwarded packets.
 */
export const makeOutside = async (cluster: Cluster, address: string): Promise<Outside> => {
  const router = address.replace(/\d+$/, "254");
  await runCommand("ip", ["netns", "add", name]);
  await mustRun(cluster, [
    "ip",
    "link",
    "add",
    "outside",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    `/run/netns/${name}`,
  ]);
  await mustRun(cluster, ["ip", "address", "add", `${router}/24`, "dev", "outside"]);
  await mustRun(cluster, ["ip", "link", "set", "outside", "up"]);
  await runCommand("ip", ["-n", name, "address", "add", `${address}/24`, "dev", "eth0"]);
  await runCommand("ip", ["-n", name, "link", "set", "eth0", "up"]);
  await runCommand("ip", ["-n", name, "route", "add", "default", "via", router]);
  const masquerade = `table ip revenprox_outside {
  chain postrouting { type nat hook postrouting priority 100; ip saddr ${address} masquerade; }
}
`;
  await mustRun(cluster, ["nft", "--file", "-"], masquerade);
  return {
    run: ([program = "", ...args]) => runCommand("nsenter", [`--net=/run/netns/${name}`, program, ...args]),
    remove: async () => {
      await cluster.exec(["nft", "delete", "table", "ip", "revenprox_outside"]);
      await cluster.exec(["ip", "link", "delete", "outside"]);
      await runCommand("ip", ["netns", "delete", name]);
    },
  };
};
