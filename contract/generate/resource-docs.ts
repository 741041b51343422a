import { conditionMeanings } from "../src/condition-types.ts";
import { customResourceDefinition } from "./crd.ts";
import { page, table } from "./markdown.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-validations"?: readonly { readonly message: string }[];
}

const isSchema = (value: Schema | boolean | undefined): value is Schema => typeof value === "object";

const range = ({ minimum, maximum }: Schema): string => {
  if (minimum === undefined && maximum === undefined) return "";
  return ` ${minimum?.toLocaleString("en") ?? ""}–${maximum?.toLocaleString("en") ?? ""}`;
};

const kindOf = (schema: Schema): string => {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema["x-kubernetes-int-or-string"] === true) return "integer or string";
  if (schema.type === "array") return `list of ${schema.items === undefined ? "values" : kindOf(schema.items)}`;
  if (isSchema(schema.additionalProperties)) return "map";
  return `${schema.type ?? ""}${range(schema)}`;
};

const defaultOf = (schema: Schema): string => {
  if (schema.default === undefined || typeof schema.default === "object") return "";
  return `\`${JSON.stringify(schema.default)}\``;
};

/** A row for a field and, below it, for each field inside it. */
const rows = (path: string, schema: Schema): readonly (readonly string[])[] => {
  const row = [`\`${path}\``, kindOf(schema), defaultOf(schema), schema.description ?? ""];
  // docs/configuration.md has these.
  if (path === "config") return [row];
  const inner = schema.type === "array" ? schema.items?.properties : schema.properties;
  const prefix = schema.type === "array" ? `${path}[]` : path;
  return [row, ...Object.entries(inner ?? {}).flatMap(([name, field]) => rows(`${prefix}.${name}`, field))];
};

const head = ["Field", "Type and range", "Default", "Meaning"];

const sections = (spec: Schema): readonly string[] => {
  const fields = Object.entries(spec.properties ?? {});
  const single = fields.filter(([, { properties }]) => properties === undefined);
  const groups = fields.filter(([, { properties }]) => properties !== undefined);
  return [
    "## spec",
    table(
      head,
      single.flatMap(([name, schema]) => rows(name, schema)),
    ),
    ...groups.map(([name, schema]) => [`### spec.${name}`, table(head, rows(name, schema))].join("\n\n")),
  ];
};

const rulesOf = (schema: Schema): readonly string[] => [
  ...(schema["x-kubernetes-validations"] ?? []).map(({ message }) => message),
  ...Object.values(schema.properties ?? {})
    .filter(({ type }) => type === "object")
    .flatMap(rulesOf),
];

/** `docs/resource.md`: every field of a RevenProx. */
export const resourceDocs = (): string => {
  const crd = customResourceDefinition() as {
    readonly spec: {
      readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }];
    };
  };
  const { spec = {}, status = {} } = crd.spec.versions[0].schema.openAPIV3Schema.properties ?? {};
  return page("contract/src/resource", "The RevenProx resource", [
    "`apiVersion: revenprox.io/v1alpha1`, `kind: RevenProx`, short name `rvp`. An empty `spec` is a working system: three proxies, one NATS server with a journal on a volume, publishing by a generated key. A field without a default in the table is absent until you set it; what the operator then does is said in its meaning, and may become better in a later release.",
    "The API server checks every field by the schema and by CEL rules, without a webhook, and says what to write instead.",
    ...sections(spec),
    "## Rules between fields",
    // Some hold in more than one place.
    [...new Set(rulesOf(spec))].map((message) => `- ${message}`).join("\n"),
    "## status",
    table(
      head,
      Object.entries(status.properties ?? {}).flatMap(([name, schema]) => rows(name, schema)),
    ),
    "## Conditions",
    table(
      ["Condition", "True means"],
      Object.entries(conditionMeanings).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
  ]);
};
