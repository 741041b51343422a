import { join } from "node:path";
import { command, tryCommand } from "@revenprox/cluster/host/command";

export type ContainerEngine = "docker" | "podman";

export type EngineBuild = { dockerfile: string; root: string; folder: string };

/** A container engine that can be used here and now, if any. */
export async function findContainerEngine(): Promise<ContainerEngine | undefined> {
  for (const engine of ["docker", "podman"] as const) {
    // Not installed is no error here: whoever needs an engine says so.
    const info = await tryCommand(engine, ["info"]).catch(() => undefined);
    if (info?.code === 0) return engine;
  }
  return undefined;
}

/** Builds a Dockerfile with the engine and returns the image as an OCI archive in `folder`. */
export async function buildWithEngine(engine: ContainerEngine, build: EngineBuild): Promise<string> {
  const name = "localhost/revenprox-compared:latest";
  const archive = join(build.folder, "image.tar");
  await command(engine, ["build", "--file", join(build.root, build.dockerfile), "--tag", name, build.root]);
  const format = engine === "podman" ? ["--format", "oci-archive"] : [];
  await command(engine, ["save", ...format, "--output", archive, name]);
  await command(engine, ["rmi", name]);
  return archive;
}
