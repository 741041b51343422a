import { type StaticImage, staticImage } from "@revenprox/cluster/build/static-image";
import { prometheus } from "./prometheus.ts";
import { prometheusOperator } from "./prometheus-operator.ts";

export type MonitoringComponent = "prometheus" | "prometheus-operator" | "prometheus-config-reloader";

/** Images of the real monitoring programs as OCI archives; each holds one static program and nothing else. */
export const monitoringImages = async (): Promise<Readonly<Record<MonitoringComponent, StaticImage>>> => {
  const programs = await prometheusOperator();
  const image = (component: MonitoringComponent, program: string, path: string) =>
    staticImage({ repository: `localhost/${component}`, program, path, user: "65534:65534" });
  // The operator starts the reloader by this path.
  const reloader = "bin/prometheus-config-reloader";
  return {
    prometheus: await image("prometheus", await prometheus(), "bin/prometheus"),
    "prometheus-operator": await image("prometheus-operator", programs.operator, "bin/operator"),
    "prometheus-config-reloader": await image(
      "prometheus-config-reloader",
      programs["prometheus-config-reloader"],
      reloader,
    ),
  };
};
