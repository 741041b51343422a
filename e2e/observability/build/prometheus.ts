import { join } from "node:path";
import { cached } from "@revenprox/cluster/build/cache";
import { findGo, type Go } from "@revenprox/cluster/build/go";
import { withProgress } from "@revenprox/cluster/build/progress";
import { command } from "@revenprox/cluster/host/command";

const VERSION = "0.316.0";
/** Prometheus 3.16.0; its Go module counts from zero. */
const MODULE = "github.com/prometheus/prometheus";
const PROGRAMS = ["prometheus", "promtool"] as const;

/**
 * Of the service discoveries only that of Kubernetes: the clients of all the clouds would be most of the build.
 * Without the tag `builtinassets` there is no web interface, only the HTTP API.
 */
const TAGS = "remove_all_sd,enable_kubernetes_sd";

/** Path of a promtool 3.16 program, built on the first call together with prometheus and kept in the cache. */
export const promtool = async (): Promise<string> => join(await programs(), "promtool");

/** Path of a prometheus 3.16 server without web interface, built on the first call and kept in the cache. */
export const prometheus = async (): Promise<string> => join(await programs(), "prometheus");

const programs = async (): Promise<string> => {
  const go = await findGo();
  return cached("prometheus", [MODULE, VERSION, TAGS, ...PROGRAMS, go.version], (folder) =>
    withProgress("building Prometheus 3.16 and promtool from source", "3 minutes on 2 cores, once", () =>
      build(go, folder),
    ),
  );
};

/** Low priority and two packages at once: it may run beside tests. */
const build = async (go: Go, folder: string): Promise<void> => {
  const packages = PROGRAMS.map((name) => `${MODULE}/cmd/${name}@v${VERSION}`);
  const options = ["-p", "2", "-trimpath", "-tags", TAGS, "-ldflags", "-s -w"];
  await command("nice", ["-n", "10", go.program, "install", ...options, ...packages], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOBIN: folder },
  });
};
