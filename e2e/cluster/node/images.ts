import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { command, tryCommand } from "../host/command.ts";
import type { Layout } from "./layout.ts";

type OciIndex = { manifests: { digest: string; annotations?: Record<string, string> }[] };

/** Runs containerd's own client in the namespace of images and containers that kubelet sees. */
export function containerdClient(layout: Layout, args: readonly string[]): Promise<string> {
  return command("ctr", ["--address", layout.containerdSocket, "--namespace", "k8s.io", ...args]);
}

/**
 * Makes the images of an OCI archive known to kubelet under the names in its index. Images that are there already with the
 * same digest are not read again. Throws when the archive is none.
 */
export async function importImage(layout: Layout, archive: string): Promise<void> {
  const wanted = namedDigests(JSON.parse(await command("tar", ["-xOf", archive, "index.json"])) as OciIndex);
  const present = await presentDigests(layout);
  const known = [...wanted].every(([name, digest]) => present.get(name) === digest);
  if (wanted.size > 0 && known) return;
  await containerdClient(layout, ["images", "import", archive]);
}

/** Image name to manifest digest, for the images of an OCI index that have a name. */
export function namedDigests(index: OciIndex): Map<string, string> {
  const digests = new Map<string, string>();
  for (const { digest, annotations } of index.manifests) {
    const name = annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"];
    if (name !== undefined) digests.set(name, digest);
  }
  return digests;
}

/** Image name to manifest digest, from what `ctr images ls` prints. */
export function parseImageList(text: string): Map<string, string> {
  const rows = text
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/));
  return new Map(rows.filter((row) => row.length > 2).map(([name = "", , digest = ""]) => [name, digest]));
}

async function presentDigests(layout: Layout): Promise<Map<string, string>> {
  return parseImageList(await containerdClient(layout, ["images", "ls"]));
}

/** Waits until containerd accepts connections. Throws what `failure` says, or when it does not within `withinMs`. */
export async function waitForContainerd(
  layout: Layout,
  withinMs: number,
  failure: () => string | undefined,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await accepts(layout.containerdSocket))) {
    const failed = failure();
    if (failed !== undefined) throw new Error(failed);
    if (performance.now() > deadline)
      throw new Error(`containerd did not listen within ${withinMs} ms; its log: ${layout.logs}/containerd.log`);
    await delay(20);
  }
}

/** Removes all containers, and keeps the images. False when one could not be removed. */
export async function removeContainers(layout: Layout): Promise<boolean> {
  const client = (args: readonly string[]) =>
    tryCommand("ctr", ["--address", layout.containerdSocket, "--namespace", "k8s.io", ...args]);
  for (const [kind, ...remove] of [
    ["tasks", "rm", "--force"],
    ["containers", "rm"],
  ] as const) {
    const listed = await client([kind, "ls", "-q"]);
    const ids = listed.stdout.split("\n").filter(Boolean);
    // containerd's own reaction to the processes' deaths races with this: what counts is what is left at the end.
    if (ids.length > 0) await client([kind, ...remove, ...ids]);
  }
  const left = await client(["containers", "ls", "-q"]);
  return left.code === 0 && left.stdout.trim() === "";
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
