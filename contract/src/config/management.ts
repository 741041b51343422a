import { z } from "zod";
import { hostAndPort, operated } from "./key.ts";

/** `[management]`: the plane for the operators of the system. */
export const managementSection = z
  .strictObject({
    bindAddress: operated(hostAndPort.default("0.0.0.0:9090"), "Address of the management plane."),
    readTokenFile: operated(
      z.string().min(1).optional(),
      "File with the token that may read /api/v1. Without any token /api/v1 is open on a loopback address and closed elsewhere.",
    ),
    adminTokenFile: operated(
      z.string().min(1).optional(),
      "File with the token that may also change things under /api/v1.",
    ),
    tlsCertFile: operated(
      z.string().min(1).optional(),
      "File with the certificate chain (PEM) of the management plane; together with tls_key_file it makes the plane HTTPS. New connections are shown a changed certificate.",
    ),
    tlsKeyFile: operated(
      z.string().min(1).optional(),
      "File with the private key (PEM, no passphrase) of tls_cert_file.",
    ),
  })
  .prefault({})
  .describe("The plane for the operators of the system.");
