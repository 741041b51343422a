import { command } from "@revenprox/cluster/host/command";

/** As the operator sets it on pods: a slow client holds at most so much of the kernel's memory. */
const sendBuffers = "4096 16384 262144";

/** Runs `use` with a network namespace of its own, in which a socket's send buffer grows to at most 256 KiB. Needs root. */
export const withCappedBuffers = async <T>(use: (namespace: string) => Promise<T>): Promise<T> => {
  const name = `revenprox-bench-${process.pid}`;
  await command("ip", ["netns", "add", name]);
  try {
    await command("ip", ["-n", name, "link", "set", "lo", "up"]);
    await command("ip", ["netns", "exec", name, "sysctl", "-q", "-w", `net.ipv4.tcp_wmem=${sendBuffers}`]);
    return await use(name);
  } finally {
    await command("ip", ["netns", "delete", name]);
  }
};
