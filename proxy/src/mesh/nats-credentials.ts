import { readFileSync } from "node:fs";
import type { Authenticator } from "@nats-io/nats-core";
import type { NatsConfig } from "@revenprox/contract/config/proxy-config";
import type { Log } from "../hub/ports.ts";

/**
 * Reads the password anew at each (re)connect, so that a rotated file is enough.
 * It never throws, for nats.js closes a connection for good when its authenticator does:
 * an unreadable file leaves the last password that could be read.
 */
export const passwordFromFile = (nats: Pick<NatsConfig, "user" | "passwordFile">, log: Log): Authenticator => {
  let password = "";
  return () => {
    if (nats.user === undefined) return undefined;
    if (nats.passwordFile !== undefined) {
      try {
        password = readFileSync(nats.passwordFile, "utf8").trim();
      } catch (cause) {
        log.warn(`[nats] password_file ${nats.passwordFile} cannot be read; check that it exists and is readable`, {
          cause: String(cause),
        });
      }
    }
    return { user: nats.user, pass: password };
  };
};
