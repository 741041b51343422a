import { once } from "node:events";
import { createServer } from "node:net";

/** A port of 127.0.0.1 outside the range from which the kernel takes ports of its own, so that nobody gets it until its server listens. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      // Somebody has it: another one is tried.
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
};
