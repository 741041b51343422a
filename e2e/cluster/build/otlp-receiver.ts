import { join } from "node:path";
import { cached, fileInputs } from "./cache.ts";
import { findGo, goBuild } from "./go.ts";
import { type StaticImage, staticImage } from "./static-image.ts";

const SOURCE = join(import.meta.dirname, "..", "otlp-receiver");

/** Path of a program around the OpenTelemetry Collector's own OTLP receiver, built on the first call and kept in the cache. */
export async function otlpReceiver(): Promise<string> {
  const go = await findGo();
  const inputs = await fileInputs(SOURCE, [".go", "go.mod", "go.sum"]);
  const folder = await cached("otlp-receiver", [...inputs, go.version], (target) =>
    goBuild(go, SOURCE, join(target, "otlp-receiver")),
  );
  return join(folder, "otlp-receiver");
}

/** The same program as an image. */
export const otlpReceiverImage = async (): Promise<StaticImage> =>
  staticImage({
    repository: "localhost/otlp-receiver",
    program: await otlpReceiver(),
    path: "otlp-receiver",
    user: "65534:65534",
  });
