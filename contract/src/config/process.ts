import { z } from "zod";
import { cold, live, operated } from "./key.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;

/** Top-level keys: who this process is and what it says. */
export const processKeys = {
  proxyId: operated(
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be 1-63 characters of A-Z a-z 0-9 . _ -")
      .optional(),
    "Name of this proxy in logs and towards its peers. Unset: the host name.",
  ),
  logLevel: live(z.enum(logLevels).default("info"), "Least severe level that is logged."),
  logFormat: cold(
    z.enum(["text", "json"]).default("text"),
    "`text` is one readable line an event, `json` one JSON object an event.",
  ),
  metricsEnabled: cold(z.boolean().default(true), "Whether /metrics is served at all."),
  metricsAccess: cold(
    z.enum(["all", "private"]).default("all"),
    "`all`: /metrics is served on both ports; `private`: on the management port only.",
  ),
};
