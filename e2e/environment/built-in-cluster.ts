import { attach, type Cluster, up } from "@revenprox/cluster";
import { buildImages } from "@revenprox/images";
import type { ImageNames, Platform } from "./platform.ts";

type Progress = (line: string) => void;

const platformOf = (cluster: Cluster, images: ImageNames, leave: () => Promise<void>): Platform => ({
  description: "built-in cluster",
  images,
  kubectl: (args, input) => cluster.kubectl(args, input === undefined ? {} : { input }),
  helm: (args) => cluster.helm(args),
  async reach(namespace, pod, port) {
    const path = "jsonpath={.status.podIP}";
    const host = await cluster.kubectl(["--namespace", namespace, "get", "pod", pod, "--output", path]);
    const forward = await cluster.forward({ host: host.trim(), port });
    return { origin: `http://127.0.0.1:${forward.port}`, close: () => forward.close() };
  },
  down: leave,
});

/** The built-in cluster that another process of this project runs; `down` leaves it running. */
export const attachBuiltIn = async (images: ImageNames): Promise<Platform> =>
  platformOf(await attach(), images, async () => undefined);

/**
 * Builds the images, starts the built-in cluster and hands it the images, those in `archives` too. `progress` is told
 * what is being done.
 */
export const startBuiltIn = async (progress: Progress, archives: readonly string[] = []): Promise<Platform> => {
  const built = await buildImages({ progress });
  const nameOf = (component: string): string => {
    const image = built.find((candidate) => candidate.component === component);
    if (image === undefined) throw new Error(`no image was built for ${component}`);
    return image.name;
  };
  const cluster = await up();
  for (const archive of [...built.map((image) => image.archive), ...archives]) await cluster.importImage(archive);
  const images = { operator: nameOf("operator"), proxy: nameOf("proxy"), natsServer: nameOf("nats-server") };
  return platformOf(cluster, images, () => cluster.down());
};
