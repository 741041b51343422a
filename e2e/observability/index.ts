// biome-ignore-all lint/performance/noBarrelFile: the one public face of this package.
export { type MonitoringComponent, monitoringImages } from "./build/images.ts";
export { prometheus, promtool } from "./build/prometheus.ts";
export { releaseFiles } from "./build/prometheus-operator.ts";
