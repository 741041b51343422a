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
    passwordFile: operated(
      z.string().min(1).optional(),
      "File that holds the NATS password. When it changes, the new password is tried; once NATS takes it, the connections are made anew, one after the other.",
    ),
    tlsCaFile: operated(
      z.string().min(1).optional(),
      "File with the certificates (PEM) of those who may vouch for the NATS servers; needs tls:// servers, which are best given by name: an address in a certificate is not recognised. Absent: the ones that Node.js knows.",
    ),
    tlsCertFile: operated(
      z.string().min(1).optional(),
      "File with the certificate chain (PEM) shown to NATS servers that ask for one, with tls_key_file. Read anew for each connection.",
    ),
    tlsKeyFile: operated(
      z.string().min(1).optional(),
      "File with the private key (PEM, no passphrase) of tls_cert_file.",
    ),
  })
  .prefault({})
  .describe("The bus between proxies.");
