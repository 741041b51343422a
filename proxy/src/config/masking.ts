/** Stands for what is set and not shown. */
export const mask = "***";

/** Files, folders, credentials: where secrets lie, and who is meant by them. */
const hidden = /(File|Dir|Path|Secret|Password|Token|Key|Headers?|^user)$/;
const url = /(Urls?|^servers|^endpoint)$/;

/** Scheme, host and port; the rest of a URL may carry a secret. */
const bareUrl = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bareUrl);
  if (typeof value !== "string" || !URL.canParse(value)) return mask;
  const { protocol, host, pathname, search, hash, username, password } = new URL(value);
  const more = [pathname.replace(/^\/$/, ""), search, hash, username, password].some((part) => part !== "");
  return `${protocol}//${host}${more ? `/${mask}` : ""}`;
};

/** The value of the config key `name` (camelCase) as anybody may see it. */
export const masked = (name: string, value: unknown): unknown => {
  if (typeof value === "boolean" || typeof value === "number") return value;
  if (hidden.test(name)) return mask;
  return url.test(name) ? bareUrl(value) : value;
};
