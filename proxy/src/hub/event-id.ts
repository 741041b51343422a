import type { Cursor } from "./ports.ts";

export type ParsedEventId = { readonly kind: "cursor"; readonly cursor: Cursor } | { readonly kind: "invalid" };

const invalid: ParsedEventId = { kind: "invalid" };
const form = /^([1-9]\d{0,15})-(\d{3,16})$/;

/** `1703894400000-001`: digits and one hyphen, so it needs no CORS preflight as `Last-Event-ID`. */
export const formatEventId = (epoch: number, sequence: number): string =>
  `${epoch}-${String(sequence).padStart(3, "0")}`;

/** Takes only what `formatEventId` makes. */
export const parseEventId = (text: string): ParsedEventId => {
  const match = form.exec(text);
  if (match === null) return invalid;
  const cursor = { epoch: Number(match[1]), sequence: Number(match[2]) };
  return formatEventId(cursor.epoch, cursor.sequence) === text ? { kind: "cursor", cursor } : invalid;
};
