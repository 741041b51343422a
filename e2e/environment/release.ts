import { fileURLToPath } from "node:url";
import type { Platform } from "./platform.ts";

export const chart = fileURLToPath(new URL("../../charts/revenprox", import.meta.url));
/** The chart before this one, as it was. */
export const previousChart = fileURLToPath(new URL("../upgrade/charts/revenprox-0.1.0", import.meta.url));
export const quickstart = `${chart}/examples/quickstart.yaml`;
export const operatorNamespace = "revenprox-system";

const split = (image: string): [repository: string, tag: string] => {
  const colon = image.lastIndexOf(":");
  return [image.slice(0, colon), image.slice(colon + 1)];
};

const imageValues = ({ images }: Platform): string[] =>
  [
    ["image", images.operator],
    ["proxyImage", images.proxy],
    ["natsImage", images.natsServer],
  ].flatMap(([value = "", image = ""]) => {
    const [repository, tag] = split(image);
    return ["--set-string", `${value}.repository=${repository},${value}.tag=${tag}`];
  });

/** `helm upgrade --install` of this project's chart with the platform's images; returns when the operator is ready. */
export const installChart = (platform: Platform, extra: readonly string[] = [], of = chart): Promise<string> =>
  platform.helm([
    ...["upgrade", "--install", "revenprox", of],
    ...["--namespace", operatorNamespace, "--create-namespace"],
    ...imageValues(platform),
    ...extra,
    ...["--wait", "--timeout", "3m"],
  ]);
