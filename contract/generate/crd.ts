import { z } from "zod";
import { revenproxApi } from "../src/resource/group.ts";
import { nameRules } from "../src/resource/revenprox.ts";
import { revenproxSpec } from "../src/resource/spec.ts";
import { revenproxStatus } from "../src/resource/status.ts";

type Json = { [key: string]: unknown };

const regexCheck = (schema: z.core.$ZodType): { pattern: RegExp; message: string } | undefined => {
  for (const check of (schema as z.core.$ZodString)._zod.def.checks ?? []) {
    const def = check._zod.def as unknown as { pattern?: RegExp; error?: (issue: unknown) => unknown };
    const message = def.error?.({});
    if (def.pattern !== undefined && typeof message === "string") return { pattern: def.pattern, message };
  }
  return undefined;
};

/** `pattern` would be refused with the bare regular expression; a CEL rule can say what to do instead. */
const patternToRule = (json: Json, schema: z.core.$ZodType): void => {
  const check = regexCheck(schema);
  if (check === undefined) return;
  delete json["pattern"];
  json["maxLength"] ??= 512;
  const rule = `self.matches(${JSON.stringify(check.pattern.source)})`;
  json["x-kubernetes-validations"] = [{ rule, message: check.message }];
};

const structural = ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void => {
  if (jsonSchema["additionalProperties"] === false) delete jsonSchema["additionalProperties"];
  delete jsonSchema["propertyNames"];
  if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"];
  if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"];
  if (zodSchema._zod.def.type === "string") patternToRule(jsonSchema, zodSchema);
  if (zodSchema._zod.def.type === "union") delete jsonSchema["anyOf"];
  // A bound says it already; without one, 1e30 would be an integer, too.
  if (jsonSchema["type"] === "integer" && jsonSchema["maximum"] === undefined) jsonSchema["format"] = "int64";
};

const openApi = (schema: z.ZodType): Json => {
  const json = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    override: (context) => structural(context as unknown as { zodSchema: z.core.$ZodTypes; jsonSchema: Json }),
  }) as Json;
  delete json["$schema"];
  return json;
};

const notReadyYet = {
  observedGeneration: -1,
  conditions: [
    {
      type: "Ready",
      status: "Unknown",
      reason: "Pending",
      message: "Waiting for the operator",
      lastTransitionTime: "1970-01-01T00:00:00Z",
    },
  ],
};

const column = (name: string, jsonPath: string, type = "string"): Json => ({ name, type, jsonPath });

/** Shown by `kubectl get --output wide` only. */
const wide = (name: string, jsonPath: string): Json => ({ ...column(name, jsonPath), priority: 1 });

const columns = [
  column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
  column("Replicas", ".status.readyReplicas", "integer"),
  column("Connections", ".status.connections", "integer"),
  column("NATS", ".status.natsStatus"),
  column("Age", ".metadata.creationTimestamp", "date"),
  wide("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
  wide("Message", '.status.conditions[?(@.type=="Ready")].message'),
];

const version = (): Json => ({
  name: revenproxApi.version,
  served: true,
  storage: true,
  additionalPrinterColumns: columns,
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  },
  schema: {
    openAPIV3Schema: {
      description:
        "RevenProx streams Server-Sent Events: publish to a topic, and every client that listens gets the event, on whichever pod.",
      type: "object",
      "x-kubernetes-validations": nameRules,
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        spec: {
          description: "What is asked for. An empty one is a working system.",
          ...openApi(revenproxSpec),
          default: {},
        },
        status: { description: "What the operator found.", ...openApi(revenproxStatus), default: notReadyYet },
      },
    },
  },
});

/** The CustomResourceDefinition of RevenProx, as an object ready for YAML. */
export const customResourceDefinition = (): Json => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${revenproxApi.plural}.${revenproxApi.group}` },
  spec: {
    group: revenproxApi.group,
    scope: "Namespaced",
    names: {
      kind: revenproxApi.kind,
      listKind: revenproxApi.listKind,
      plural: revenproxApi.plural,
      singular: revenproxApi.singular,
      shortNames: [revenproxApi.shortName],
      categories: ["revenprox"],
    },
    versions: [version()],
  },
});
