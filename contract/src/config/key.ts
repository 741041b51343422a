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
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, "must be host:port, for example 127.0.0.1:8080")
  .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, { error: "the port is at most 65535" });

const addressForms = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()];

/** An address or a range of addresses, for example `10.0.0.0/8`, `192.168.1.10` or `fd00::/8`. */
export const addressRange = z
  .string()
  .min(1)
  .max(64)
  .refine((text) => addressForms.some((form) => form.safeParse(text).success), {
    error: "must be an address or a range such as 10.0.0.0/8 or fd00::/8",
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "isIP(self) || isCIDR(self)", message: "must be an address or a range such as 10.0.0.0/8" },
    ],
  });
