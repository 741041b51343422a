import { z } from "zod";
import { operated } from "./key.ts";

const serverUrl = z
  .string()
  .max(512)
  .regex(/^(nats|tls):\/\/[^\s@/]+$/, "must be nats://host:port or tls://host:port, without user name or password");

/** `[nats]`: the bus between proxies. Without servers the proxy stands alone, with a bus inside the process. */
export const natsSection = z
  .strictObject({
    servers: operated(
      z.array(serverUrl).max(32).default([]),
      "NATS servers. Empty: this proxy stands alone, with a journal in its own memory.",
    ),
    instance: operated(
      z
        .string()
        .regex(/^[a-z0-9]([a-z0-9_-]{0,126}[a-z0-9])?$/, "must be a lower-case name of a-z 0-9 _ -")
        .default("default"),
      "Instance name: proxies with the same one form one system. Part of every NATS subject.",
    ),
    user: operated(z.string().min(1).max(256).optional(), "NATS user name."),
    passwordFile: operated(z.string().min(1).optional(), "File that holds the NATS password."),
  })
  .prefault({})
  .describe("The bus between proxies.");
