import { parseArgs } from "node:util";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "run" | "check"; readonly files: readonly string[] }
  | { readonly kind: "help" | "version" }
  | { readonly kind: "fault"; readonly message: string };

export const helpText = `Usage: revenprox-proxy [--config FILE]...

Streams Server-Sent Events: GET /events/{topic} subscribes, POST /events/{topic} publishes.

  --config FILE    TOML file; may be given more than once, later files add keys
  --check-config   read the configuration, list every fault, start nothing
  --version        print the version
  --help           print this text

Every key can be overridden by an environment variable, for example
REVENPROX_HTTP__MAX_CONNECTIONS=5000 or REVENPROX_LOG_LEVEL=debug.
Exit codes: 0 ended cleanly, 1 failed, 2 the configuration or command line has faults.`;

const read = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      config: { type: "string", multiple: true },
      "check-config": { type: "boolean" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
    },
  }).values;

/** The command line without program and script. */
export const readArguments = (args: readonly string[]): Command => {
  try {
    const values = read(args);
    if (values.help === true) return { kind: "help" };
    if (values.version === true) return { kind: "version" };
    return { kind: values["check-config"] === true ? "check" : "run", files: values.config ?? [] };
  } catch (error) {
    return { kind: "fault", message: error instanceof Error ? error.message : String(error) };
  }
};
