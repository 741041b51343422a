const placeholder = "{alert}";

/**
 * Address of an alert's page below `base`: the name replaces `{alert}`, else it is appended.
 * Undefined when `base` is empty.
 */
export const runbookUrl = (base: string, alert: string): string | undefined => {
  if (base === "") return undefined;
  if (base.includes(placeholder)) return base.replaceAll(placeholder, alert);
  return `${base.replace(/\/+$/, "")}/${alert}`;
};
