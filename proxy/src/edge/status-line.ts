import { nodeHttp } from "../http/node-http.ts";

/** `404 Not Found` */
export const statusLine = (status: number): string => `${status} ${nodeHttp.STATUS_CODES[status] ?? "Status"}`;
