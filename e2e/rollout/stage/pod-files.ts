import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kube } from "./kube.ts";
import type { PodJson, VolumeJson } from "./pod-json.ts";

/** Root of the files of a proxy container. */
const mountRoot = "/etc/revenprox";

type Files = Readonly<Record<string, Buffer>>;

const configMapFiles = async (kube: Kube, namespace: string, name: string): Promise<Files> => {
  const { data = {} } = (await kube("GET", `/api/v1/namespaces/${namespace}/configmaps/${name}`)) as {
    data?: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(data).map(([file, text]) => [file, Buffer.from(text)]));
};

const secretFiles = async (kube: Kube, namespace: string, name: string): Promise<Files> => {
  const { data = {} } = (await kube("GET", `/api/v1/namespaces/${namespace}/secrets/${name}`)) as {
    data?: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(data).map(([file, text]) => [file, Buffer.from(text, "base64")]));
};

const filesOf = async (kube: Kube, namespace: string, volume: VolumeJson): Promise<Files> => {
  const configMaps = [volume.configMap, ...(volume.projected?.sources ?? []).map(({ configMap }) => configMap)];
  const secrets = [volume.secret?.secretName, ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name)];
  const all = await Promise.all([
    ...configMaps.flatMap((source) => (source === undefined ? [] : [configMapFiles(kube, namespace, source.name)])),
    ...secrets.flatMap((name) => (name === undefined ? [] : [secretFiles(kube, namespace, name)])),
  ]);
  return Object.assign({}, ...all) as Files;
};

/** Lays out what a pod's container mounts under `folder`; paths in its configuration are made to lead there. */
export const layOutFiles = async (kube: Kube, pod: PodJson, folder: string): Promise<void> => {
  const [container] = pod.spec.containers;
  for (const volume of pod.spec.volumes) {
    const mount = container.volumeMounts.find(({ name }) => name === volume.name);
    if (mount?.mountPath.startsWith(mountRoot) !== true) continue;
    const place = join(folder, mount.mountPath.slice(mountRoot.length));
    await mkdir(place, { recursive: true });
    for (const [file, content] of Object.entries(await filesOf(kube, pod.metadata.namespace, volume))) {
      const written = file.endsWith(".toml") ? content.toString().replaceAll(mountRoot, folder) : content;
      await writeFile(join(place, file), written);
    }
  }
};

/** Arguments of a pod's container, with paths that lead to `folder`. */
export const argumentsOf = (pod: PodJson, folder: string): readonly string[] =>
  pod.spec.containers[0].args.map((argument) => argument.replaceAll(mountRoot, folder));
