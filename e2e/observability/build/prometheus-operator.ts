import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, fileInputs } from "@revenprox/cluster/build/cache";
import { findGo, type Go } from "@revenprox/cluster/build/go";
import { withProgress } from "@revenprox/cluster/build/progress";
import { command } from "@revenprox/cluster/host/command";

const SOURCE = join(import.meta.dirname, "..", "prometheus-operator");
const MODULE = "github.com/prometheus-operator/prometheus-operator";
const PROGRAMS = ["operator", "prometheus-config-reloader"] as const;
type Program = (typeof PROGRAMS)[number];

/** Paths of the prometheus-operator and of its config reloader, built on the first call and kept in the cache. */
export const prometheusOperator = async (): Promise<Readonly<Record<Program, string>>> => {
  const go = await findGo();
  const inputs = [...(await fileInputs(SOURCE, ["go.mod", "go.sum"])), go.version, ...PROGRAMS];
  const folder = await cached("prometheus-operator", inputs, (target) =>
    withProgress("building prometheus-operator from source", "2 minutes on 2 cores after Kubernetes, once", () =>
      build(go, target),
    ),
  );
  return {
    operator: join(folder, "operator"),
    "prometheus-config-reloader": join(folder, "prometheus-config-reloader"),
  };
};

/** Low priority and two packages at once: it may run beside tests. */
const build = async (go: Go, folder: string): Promise<void> => {
  const packages = PROGRAMS.map((name) => `${MODULE}/cmd/${name}`);
  const options = ["-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", folder];
  await command("nice", ["-n", "10", go.program, "build", ...options, ...packages], {
    cwd: SOURCE,
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
  });
};

/**
 * Texts of files of the prometheus-operator's own release, such as `example/prometheus-operator-crd/*.yaml`, by their
 * paths in its module.
 */
export const releaseFiles = async (paths: readonly string[]): Promise<readonly string[]> => {
  const go = await findGo();
  const described = await command(go.program, ["mod", "download", "-json", MODULE], {
    cwd: SOURCE,
    env: { ...process.env, GOWORK: "off" },
  });
  const { Dir } = JSON.parse(described) as { Dir: string };
  return Promise.all(paths.map((path) => readFile(join(Dir, path), "utf8")));
};
