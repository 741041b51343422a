import type { RequestListener, Server } from "node:http";
import { createServer } from "node:https";
import { Server as TlsServer } from "node:tls";

/** Certificate chain and key as PEM text. */
export interface CertificateText {
  readonly cert: string;
  readonly key: string;
}

/** An HTTPS server for fastify. */
export const secureServer =
  ({ cert, key }: CertificateText) =>
  (listener: RequestListener): Server =>
    createServer({ cert, key }, listener);

/** Connections from now on are shown this certificate. */
export const useCertificate = (server: Server, { cert, key }: CertificateText): void => {
  if (server instanceof TlsServer) server.setSecureContext({ cert, key });
};
