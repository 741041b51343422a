// biome-ignore-all lint/performance/noBarrelFile: the one public face of this package.
export { chromiumPackage, ensureDebianPackages } from "./build/debian-packages.ts";
export { helm } from "./build/helm.ts";
export { kubernetes } from "./build/kubernetes.ts";
export { natsServer } from "./build/nats-server.ts";
export { otlpReceiver, otlpReceiverImage } from "./build/otlp-receiver.ts";
export { pauseImage, pauseProgram } from "./build/pause.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane/control-plane.ts";
export type { CommandResult } from "./host/command.ts";
export type { Cluster } from "./node/cluster.ts";
export type { Forward, Target } from "./node/forward.ts";
export { attach, type ClusterStatus, down, type OwnedCluster, status, type UpOptions, up } from "./node/up.ts";
export { type SmallDisk, smallDisk } from "./testing/small-disk.ts";
