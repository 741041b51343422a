import { z } from "zod";

/**
 * What a config key means beyond its type.
 * - `reload`: `live` keys change while the proxy runs, `restart` keys need a new process (so the operator rolls the pods).
 * - `owner`: `user` keys are reachable through `spec.config`; `operator` keys are set by the operator itself.
 */
export interface KeyNote {
  readonly reload: "live" | "restart";
  readonly owner: "user" | "operator";
}

export const keyNotes = z.registry<KeyNote>();

const note =
  (value: KeyNote) =>
  <S extends z.ZodType>(schema: S, description: string): S => {
    const described = schema.describe(description) as S;
    keyNotes.add(described, value);
    return described;
  };

/** A key of the user's that takes effect without a restart. */
export const live = note({ reload: "live", owner: "user" });
/** A key of the user's that takes effect at the next start. */
export const cold = note({ reload: "restart", owner: "user" });
/** A key that the operator sets from the resource and the cluster. */
export const operated = note({ reload: "restart", owner: "operator" });

/** `host:port`, with an IPv6 host in brackets. */
export const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, "must be host:port, for example 127.0.0.1:8080");
