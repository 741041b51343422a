import { parseHeartbeat, writeHeartbeat } from "./heartbeat-message.ts";
import { parsePacked, writePacked } from "./packed-message.ts";
import type { StateMessage } from "./state-message.ts";

/** A message as it goes over the bus: heartbeats on the subject of protocol 1, the others beside it. */
export type EncodedMessage =
  | { readonly form: "heartbeat"; readonly payload: string }
  | { readonly form: "packed"; readonly payload: Uint8Array };

export const encoded = (message: StateMessage): EncodedMessage =>
  message.kind === "heartbeat"
    ? { form: "heartbeat", payload: writeHeartbeat(message) }
    : { form: "packed", payload: writePacked(message) };

/** Undefined for what is no message. */
export const parseEncoded = ({ form, payload }: EncodedMessage): StateMessage | undefined =>
  form === "heartbeat" ? parseHeartbeat(payload) : parsePacked(payload);
