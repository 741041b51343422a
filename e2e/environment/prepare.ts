import {
  chromiumPackage,
  ensureDebianPackages,
  helm,
  kubernetes,
  natsServer,
  otlpReceiverImage,
} from "@revenprox/cluster";
import { buildImages } from "@revenprox/images";
import { monitoringImages, promtool } from "@revenprox/observability";
import { monitoringCrds } from "./monitoring-crds.ts";

// Everything the suites need is installed and built before the first of them, so that no test's time-out waits for a compiler.
await ensureDebianPackages();
await ensureDebianPackages([chromiumPackage]);
await natsServer();
await kubernetes();
await helm();
await otlpReceiverImage();
await promtool();
await monitoringImages();
await monitoringCrds();
await buildImages({ progress: (line) => process.stdout.write(`${line}\n`) });
