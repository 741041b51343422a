import { valueType } from "@revenprox/contract/config/value-type";
import { type ConfigFault, keyName } from "./fault.ts";
import { keysByTomlName } from "./known-keys.ts";
import { masked } from "./masking.ts";
import type { Setting } from "./setting.ts";

/** The parts of a schema issue that a fault is made of. */
export interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Issues whose own message is about the value rather than its type. */
const ownMessage = new Set(["custom", "invalid_format", "too_long"]);

const expectation = (name: string, fallback: string): string => {
  const key = keysByTomlName.get(name);
  if (key === undefined) return fallback;
  const type = valueType(key.schema);
  switch (type.kind) {
    case "integer":
      return `must be a whole number from ${type.min} to ${type.max}`;
    case "number":
      return `must be a number from ${type.min} to ${type.max}`;
    case "boolean":
      return "must be true or false";
    case "choice":
      return `must be one of ${type.values.join(", ")}`;
    case "list":
      return 'must be a list of texts, for example ["a", "b"]';
    case "text":
      return "must be a text in quotes that is not empty";
  }
};

/** Of an element of a list; what is wrong with its form is said by the schema. */
const elementExpectation = ({ code, message }: SchemaIssue): string =>
  code === "invalid_type" ? "must be a text in quotes" : message;

const ruleOf = (issue: SchemaIssue, name: string, isElement: boolean): string => {
  if (isElement) return elementExpectation(issue);
  return ownMessage.has(issue.code ?? "") ? issue.message : expectation(name, issue.message);
};

const shown = (value: unknown): string => {
  const text = value instanceof Date ? value.toISOString() : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

const elementAt = (value: unknown, index: PropertyKey | undefined): unknown =>
  Array.isArray(value) && typeof index === "number" ? value[index] : value;

/** A schema issue as a fault: which key, its value, what it must be, and where it was set. */
export const issueFault = (issue: SchemaIssue, settings: ReadonlyMap<string, Setting>): ConfigFault => {
  const depth = issue.path.findIndex((part) => typeof part === "number");
  const name = keyName(depth < 0 ? issue.path : issue.path.slice(0, depth));
  const setting = settings.get(name);
  const whole = depth < 0 ? setting?.value : elementAt(setting?.value, issue.path[depth]);
  const value = masked(keysByTomlName.get(name)?.name ?? name, whole);
  return {
    where: setting?.where ?? "defaults",
    message: `${keyName(issue.path)}${setting === undefined ? "" : ` = ${shown(value)}`}: ${ruleOf(issue, name, depth >= 0)}`,
  };
};
