/** Names of all fields that messages between proxies have in this build; others are passed over. */
type FieldName =
  | "v"
  | "kind"
  | "proxyId"
  | "epoch"
  | "build"
  | "topics"
  | "connections"
  | "bye"
  | "life"
  | "seq"
  | "version"
  | "digests"
  | "from"
  | "buckets"
  | "token"
  | "subscribers";

export type Fields = { readonly [Name in FieldName]?: unknown };

const longestText = 256;
const lifeForm = /^[0-9a-f]{16}$/;

export const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= longestText;

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The random name of a process. */
export const isLife = (value: unknown): value is string => typeof value === "string" && lifeForm.test(value);

/** Fields of a JSON object; none where the text is something else. */
export const jsonFields = (text: string): Fields => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};
