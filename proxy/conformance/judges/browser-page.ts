import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An origin that serves one empty page. */
export interface PageOrigin {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves an empty page from an origin of its own. */
export const servePage = async (): Promise<PageOrigin> => {
  const server = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html").end("<!doctype html><title>conformance</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
