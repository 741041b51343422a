import { availableParallelism, hostname } from "node:os";
import { unusedKeys } from "@revenprox/contract/config/journal";
import closeWithGrace from "close-with-grace";
import { boundAddress, type ProxyParts, startProxy } from "./compose.ts";
import { type Command, helpText, readArguments } from "./config/arguments.ts";
import { ConfigWatch } from "./config/config-watch.ts";
import { type ConfigFault, faultLine } from "./config/fault.ts";
import { LiveConfigHolder } from "./config/live-config.ts";
import { type ConfigText, type LoadedConfig, loadConfig } from "./config/load-config.ts";
import { processEnvironment } from "./config/process-environment.ts";
import { readConfigFile } from "./config/toml-file.ts";
import { version } from "./config/version.ts";
import { loopCount } from "./loops/loop-config.ts";
import type { RunningProxy } from "./shut-down.ts";
import { createLogger, type LeveledLog } from "./telemetry/logger.ts";

const exitCodes = { failed: 1, faults: 2 } as const;

const tellFaults = (faults: readonly ConfigFault[]): void => {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  console.error(`The configuration has ${count}:\n${faults.map((fault) => `  ${faultLine(fault)}`).join("\n")}`);
  process.exitCode = exitCodes.faults;
};

type Sources = LoadedConfig & { readonly texts: readonly ConfigText[] };

const load = (files: readonly string[]): Sources => {
  const read = files.map((file) => ({ file, ...readConfigFile(file) }));
  const unreadable = read.flatMap((file) => (file.kind === "fault" ? [file.fault] : []));
  const texts = read.flatMap((file) => (file.kind === "text" ? [{ file: file.file, text: file.text }] : []));
  const loaded = loadConfig({ files: texts, environment: processEnvironment });
  if (unreadable.length === 0) return { ...loaded, texts };
  return { kind: "faults", faults: [...unreadable, ...(loaded.kind === "faults" ? loaded.faults : [])], texts };
};

const closeOnSignals = (proxy: RunningProxy, log: LeveledLog, gracePeriodSec: number): void => {
  const text = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
  const logger = { error: (message?: unknown) => log.error(text(message)) };
  closeWithGrace({ delay: gracePeriodSec * 1_000, logger, skip: ["SIGHUP"] }, async ({ err }) => {
    if (err === undefined) return proxy.shutDown();
    log.error(`Stopped by a fault in the proxy: ${text(err)}`);
  });
};

/** From now on SIGHUP ends the process no more. One that comes before the returned function is called counts then. */
const onHangUp = (): ((act: () => void) => void) => {
  const ready = Promise.withResolvers<() => void>();
  process.on("SIGHUP", () => void ready.promise.then((act) => act()));
  return ready.resolve;
};

/** What several event loops need is loaded only for them. */
const start = async (parts: ProxyParts): Promise<RunningProxy> => {
  const loops = loopCount(parts.live.current(), availableParallelism());
  if (loops === 1) return startProxy(parts);
  const { startLoops } = await import("./compose-loops.ts");
  return startLoops(parts, loops);
};

const run = async (files: readonly string[]): Promise<void> => {
  const hangUp = onHangUp();
  const loaded = load(files);
  if (loaded.kind === "faults") return tellFaults(loaded.faults);
  const { config, texts } = loaded;
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    base: { bind_address: boundAddress(config), proxy_id: config.proxyId ?? hostname() },
  });
  const unused = unusedKeys(config.journal);
  if (unused.length > 0) log.warn(`The journal is off, so these keys of [journal] do nothing: ${unused.join(", ")}`);
  const live = new LiveConfigHolder(config);
  let onRefused: (refused: boolean) => void;
  try {
    const proxy = await start({ live, log });
    onRefused = (refused) => proxy.configRefused(refused);
    closeOnSignals(proxy, log, config.http.shutdownGracePeriodSec);
  } catch (error) {
    log.error(`Cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(exitCodes.failed);
  }
  const watch = new ConfigWatch({ live, files: texts, environment: processEnvironment, log, onRefused });
  watch.start();
  hangUp(() => void watch.reloadNow());
};

const obey = async (command: Command): Promise<void> => {
  switch (command.kind) {
    case "help":
      return console.log(helpText);
    case "version":
      return console.log(version());
    case "fault":
      console.error(`${command.message}\n\n${helpText}`);
      process.exitCode = exitCodes.faults;
      return;
    case "check": {
      const loaded = load(command.files);
      return loaded.kind === "faults" ? tellFaults(loaded.faults) : console.log("configuration is valid");
    }
    case "run":
      return run(command.files);
  }
};

await obey(readArguments(process.argv.slice(2)));
