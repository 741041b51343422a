import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import closeWithGrace from "close-with-grace";
import { composeOperator } from "./compose.ts";
import { createKubeClient, loadKubeConfig } from "./kube/client.ts";
import { systemScheduler } from "./kube/scheduler.ts";
import { readSettings } from "./settings.ts";
import { createLog, describeError } from "./telemetry/log.ts";
import { listen } from "./telemetry/server.ts";
import { startTracing } from "./telemetry/tracing.ts";

/** Longest wait for workers and watches on SIGTERM. */
const STOP_WITHIN_MS = 10_000;

const version = (): string => {
  const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
};

const main = async (): Promise<void> => {
  const settings = readSettings();
  const log = createLog({ level: settings.logLevel, format: settings.logFormat });
  const podName = settings.podName ?? hostname();
  const client = createKubeClient(loadKubeConfig(), podName);
  const tracing = await startTracing({
    settings: settings.tracing,
    version: version(),
    instanceId: podName,
    random: Math.random,
  });
  const operator = composeOperator(settings, {
    client,
    scheduler: systemScheduler,
    log,
    version: version(),
    // A container that starts anew in the same pod is another one: its predecessor's writes may still be under way.
    identity: `${podName}_${randomUUID()}`,
    tracing,
  });
  const port = await listen(operator.server, settings.port);
  log.info(`revenprox-operator ${version()} serves /livez, /readyz and /metrics on port ${port}`);
  closeWithGrace(
    { delay: STOP_WITHIN_MS, logger: { error: (message: unknown) => log.error(describeError(message)) } },
    async ({ err, signal }) => {
      if (err === undefined) log.info(`stopping on ${signal ?? "request"}`);
      else log.error(`stopping on a fault: ${describeError(err)}`, { stack: err.stack });
      operator.server.close();
      await operator.stop();
      await tracing?.stop();
    },
  );
  await operator.start();
};

main().catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
});
