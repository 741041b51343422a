/** `maxConnections` -> `max_connections`: the one rule between spec.config and TOML. */
export const toSnakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `max_connections` -> `maxConnections`. */
export const toCamelCase = (key: string): string =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

type Tree = { readonly [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Renames every key of a nested record; arrays and scalars are kept as they are. */
export const renameKeys = (tree: Tree, rename: (key: string) => string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [rename(key), isTree(value) ? renameKeys(value, rename) : value]),
  );
