import { existsSync } from "node:fs";
import { basename } from "node:path";
import { command } from "./command.ts";

/** Makes the named network namespace of `file` (/run/netns/NAME), and in it runs `ipBatch`, lines as `ip -batch` reads them. */
export async function makeNetworkNamespace(file: string, ipBatch: readonly string[]): Promise<void> {
  await command("ip", ["netns", "add", basename(file)]);
  await command("nsenter", [`--net=${file}`, "ip", "-batch", "-"], { input: `${ipBatch.join("\n")}\n` });
  await command("nsenter", [`--net=${file}`, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
}

/** Removes the namespace; its links and rules go with the last process in it. Does nothing when it is not there. */
export async function removeNetworkNamespace(file: string): Promise<void> {
  if (existsSync(file)) await command("ip", ["netns", "delete", basename(file)]);
}
