import type { FastifyInstance } from "fastify";
import type { Log } from "../hub/ports.ts";

/** The port of the management plane is taken, or its address is not one of this machine. */
export class ManagementCannotListen extends Error {
  override readonly name = "ManagementCannotListen";
}

/** Opens the port and says so. Throws `ManagementCannotListen`. */
export const openManagement = async (
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  log: Log,
): Promise<void> => {
  try {
    const url = await server.listen({ host, port });
    log.info(`Management server started on ${new URL(url).host}`);
  } catch (cause) {
    throw new ManagementCannotListen(
      `cannot listen on ${host}:${port}: the port is taken, or the address is not one of this machine; set another management.bind_address`,
      { cause },
    );
  }
};
