import type { ResponseHeaders } from "../http/answer.ts";

const anyOrigin: ResponseHeaders = [["Access-Control-Allow-Origin", "*"]];

/**
 * Headers that let pages of the allowed origins read an answer. `allowed` is `*` or a comma-separated list;
 * a listed origin is echoed, since browsers take no list.
 */
export const corsHeaders = (allowed: string, origin: string | undefined): ResponseHeaders => {
  if (allowed === "*" || allowed.trim() === "*") return anyOrigin;
  const listed = allowed.split(",").map((item) => item.trim().toLowerCase());
  if (origin === undefined || !listed.includes(origin.toLowerCase())) return [["Vary", "Origin"]];
  return [
    ["Access-Control-Allow-Origin", origin],
    ["Access-Control-Allow-Credentials", "true"],
    ["Vary", "Origin"],
  ];
};
