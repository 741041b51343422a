import { z } from "zod";

/** What a config key takes, in terms that a message to a person can use. */
export type ValueType =
  | { readonly kind: "integer" | "number"; readonly min: number; readonly max: number }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "list" }
  | { readonly kind: "text" };

const bare = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? bare(schema.unwrap() as z.ZodType) : schema;

/** The type of a key's value, with its range where it has one. */
export const valueType = (schema: z.ZodType): ValueType => {
  const inner = bare(schema);
  if (inner instanceof z.ZodNumber) {
    return {
      kind: inner.isInt ? "integer" : "number",
      min: inner.minValue ?? Number.MIN_SAFE_INTEGER,
      max: inner.maxValue ?? Number.MAX_SAFE_INTEGER,
    };
  }
  if (inner instanceof z.ZodBoolean) return { kind: "boolean" };
  if (inner instanceof z.ZodEnum) return { kind: "choice", values: inner.options.map(String) };
  if (inner instanceof z.ZodArray) return { kind: "list" };
  return { kind: "text" };
};
