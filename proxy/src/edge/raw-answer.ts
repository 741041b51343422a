import type { Answer } from "../http/answer.ts";
import { statusLine } from "./status-line.ts";

/** A whole answer as bytes, for a connection that has no request and is closed after it. */
export const rawAnswer = ({ status, headers, body }: Answer): Buffer => {
  const bytes = Buffer.from(body);
  const lines = [...headers, ["Connection", "close"], ["Content-Length", String(bytes.length)]];
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${statusLine(status)}\r\n${head}\r\n`), bytes]);
};
