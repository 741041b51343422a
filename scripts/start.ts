import { fileURLToPath } from "node:url";

// A proxy for this machine alone, unless the user brings a configuration.
if (!process.argv.some((argument) => argument === "--config" || argument.startsWith("--config="))) {
  process.argv.push("--config", fileURLToPath(new URL("../proxy/local.toml", import.meta.url)));
}
await import("../proxy/src/main.ts");
