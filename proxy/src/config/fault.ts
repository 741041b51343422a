import { toSnakeCase } from "@revenprox/contract/config/key-names";

/** One thing wrong with the configuration; `where` is `FILE:LINE`, `FILE` or the name of an environment variable. */
export interface ConfigFault {
  readonly where: string;
  readonly message: string;
}

/** One line a fault. */
export const faultLine = ({ where, message }: ConfigFault): string => `${where}: ${message}`;

/** `http.max_connections` for `["http", "maxConnections"]`. */
export const keyName = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : toSnakeCase(String(part))))
    .join(".")
    .replaceAll(".[", "[");
