import { z } from "zod";
import { configKeys } from "../config/key-list.ts";
import { sections } from "../config/proxy-config.ts";
import { type CelRule, withRules } from "./structural.ts";

const withoutDefault = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;

const defaultOf = (schema: z.ZodType): string =>
  schema instanceof z.ZodDefault ? ` Default: ${JSON.stringify(schema.def.defaultValue)}.` : "";

const userKeys = (section: string | undefined): Record<string, z.ZodType> =>
  Object.fromEntries(
    configKeys
      .filter((key) => key.section === section && key.owner === "user")
      .map((key) => [
        key.name,
        withoutDefault(key.schema)
          .optional()
          .describe(`${key.schema.description ?? ""}${defaultOf(key.schema)}`),
      ]),
  );

/** Keys of a section that mean nothing without another one. */
const rulesOf: Readonly<Record<string, readonly CelRule[]>> = {
  jwtVerifier: [
    {
      rule: "has(self.jwksUrl) || !(has(self.issuer) || has(self.audience) || has(self.topicsClaim) || has(self.publishTopicsClaim))",
      message: "config.jwtVerifier: issuer, audience, topicsClaim and publishTopicsClaim need jwksUrl",
    },
    {
      rule: "has(self.webhookUrl) || has(self.jwksUrl) || !has(self.requireAuthentication) || !self.requireAuthentication",
      message: "config.jwtVerifier: requireAuthentication needs webhookUrl or jwksUrl, else nobody could come in",
    },
  ],
};

const sectionSchema = (name: string, keys: Record<string, z.ZodType>): z.ZodType => {
  const rules = rulesOf[name];
  const schema = z.strictObject(keys);
  return rules === undefined ? schema : withRules(schema, rules);
};

const sectionSchemas = Object.fromEntries(
  Object.entries(sections)
    .map(([name, schema]) => [name, userKeys(name), schema.description ?? ""] as const)
    .filter(([, keys]) => Object.keys(keys).length > 0)
    .map(([name, keys, description]) => [name, sectionSchema(name, keys).optional().describe(description)]),
);

/**
 * `spec.config`: every key of the user's, none with a default, so that a later release may choose better ones
 * for resources that did not set it.
 */
export const specConfig = z
  .strictObject({ ...userKeys(undefined), ...sectionSchemas })
  .optional()
  .describe("Configuration of the proxies; the keys are those of the TOML file in camelCase.");
