/** Where something is in a picture, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Colours of lines that can be told apart on white, also by most who do not see all colours (after Okabe and Ito). */
export const palette = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#e69f00",
  "#6f42c1",
  "#57606a",
] as const;

type Attributes = Readonly<Record<string, string | number>>;

const escaped = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const rounded = (value: string | number): string =>
  typeof value === "number" ? String(Math.round(value * 10) / 10) : escaped(value);

const written = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${rounded(value)}"`)
    .join("");

/** An element without content. */
export const tag = (name: string, attributes: Attributes): string => `<${name}${written(attributes)}/>\n`;

/** One line of text. */
export const text = (words: string, attributes: Attributes): string =>
  `<text${written(attributes)}>${escaped(words)}</text>\n`;

/** A whole picture on a light ground; `about` is read out where it cannot be seen. */
export const svg = (about: string, { width, height }: Omit<Box, "x" | "y">, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
  `role="img" aria-label="${escaped(about)}" font-family="system-ui, sans-serif">\n` +
  `${tag("rect", { width, height, fill: "#f6f8fa" })}${content}</svg>\n`;
