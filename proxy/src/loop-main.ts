import { serveLoop } from "./compose-loop.ts";

/** One event loop of a proxy: a process that only main.ts starts, with a channel to it. */
const loop = serveLoop({
  send: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => undefined)),
  end: () => process.exit(0),
});

process.on("message", (message) => loop.receive(message));
// Without its supervisor nobody would know of it, and it would keep the port.
process.on("disconnect", () => process.exit(0));
// A terminal sends them to all processes; the supervisor says what is to be done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.on("uncaughtException", (fault) => {
  loop.failed(fault);
  process.exit(1);
});
