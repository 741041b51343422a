import { z } from "zod";

/** A CEL rule on the value it is attached to. `optionalOldSelf` and friends are not needed: transition rules use `oldSelf`. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Attaches CEL rules, which land in the CRD as `x-kubernetes-validations`. */
export const withRules = <S extends z.ZodType>(schema: S, rules: readonly CelRule[]): S =>
  schema.meta({ ...schema.meta(), "x-kubernetes-validations": rules }) as S;

/** A Kubernetes resource quantity such as `500m` or `1Gi`. */
export const quantity = z
  .string()
  .max(64)
  .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/, "must be a quantity such as 500m or 1Gi");

/** An image by tag or, better, by digest. */
export const imageName = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^\s@]+(@sha256:[0-9a-f]{64})?$/, "must be an image such as registry.example/name:1.0 or name@sha256:…");

/** Name of an object in the same namespace. */
export const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "must be the name of an object");

/** A map of label- or annotation-like strings. */
export const stringMap = z.record(z.string().max(317), z.string().max(4_096)).meta({ maxProperties: 64 });

/** A label selector as in Kubernetes, without expressions: who needs an "or" names several. */
export const labelSelector = z.strictObject({
  matchLabels: z.record(z.string().max(317), z.string().max(63)).meta({ maxProperties: 16 }).optional(),
});
