import { CredentialsWatch, type CredentialsWatchDeps } from "./credentials-watch.ts";
import { type ConnectionSettings, connectionOptions } from "./nats-connections.ts";
import { type NatsLink, tryConnection } from "./nats-link.ts";

/** Follows the password of these links; a changed one is tried before the links are made anew with it. */
export const watchCredentials = (
  deps: ConnectionSettings & Omit<CredentialsWatchDeps, "probe" | "renew">,
  links: readonly NatsLink[],
): CredentialsWatch =>
  new CredentialsWatch({
    ...deps,
    probe: () => tryConnection(connectionOptions(deps, "trying a password")),
    renew: async () => {
      for (const link of links) await link.renew();
    },
  });
