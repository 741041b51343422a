// biome-ignore-all lint/performance/noBarrelFile: the one public face of this package.
export { prometheus, promtool } from "./build/prometheus.ts";
