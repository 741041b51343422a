import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { cached, fileInputs } from "./cache.ts";
import { findGo, goBuild } from "./go.ts";
import { withProgress } from "./progress.ts";

const KUBERNETES_VERSION = "v1.36.3";

const COMPONENTS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
  "coredns",
  "volume-provisioner",
] as const;

export type Component = (typeof COMPONENTS)[number];

const SOURCE = join(import.meta.dirname, "..", "binary");

/**
 * Folder with one program per component, built from `binary/` on the first call and kept in the cache.
 * All are links to one binary, which acts by the name it is called by.
 */
export async function kubernetes(): Promise<string> {
  const go = await findGo();
  const flags = versionFlags(KUBERNETES_VERSION);
  const inputs = [...(await fileInputs(SOURCE, [".go", "go.mod", "go.sum"])), go.version, flags, ...COMPONENTS];
  return cached("kubernetes", inputs, (folder) =>
    withProgress(
      `building Kubernetes ${KUBERNETES_VERSION}, etcd and CoreDNS from source`,
      "4 minutes on 4 cores, 8 on 2, once",
      async () => {
        await goBuild(go, SOURCE, join(folder, "node-in-one"), flags);
        await Promise.all(COMPONENTS.map((name) => symlink("node-in-one", join(folder, name))));
      },
    ),
  );
}

function versionFlags(version: string): string {
  const [major, minor] = version.slice(1).split(".");
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
    .flatMap((place) => [
      `-X ${place}.gitVersion=${version}`,
      `-X ${place}.gitMajor=${major}`,
      `-X ${place}.gitMinor=${minor}`,
      `-X ${place}.gitTreeState=clean`,
    ])
    .join(" ");
}
