import { readFileSync } from "node:fs";
import { command } from "./command.ts";

export type Mount = { point: string; type: string };

/** Reads the text of /proc/self/mountinfo. */
export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(" ");
      const type = fields[fields.indexOf("-") + 1] ?? "";
      return { point: withoutEscapes(fields[4] ?? ""), type };
    });
}

export function currentMounts(): Mount[] {
  return parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Unmounts everything below `folder`, the last mounted first. */
export async function unmountBelow(folder: string): Promise<void> {
  const points = currentMounts()
    .map((mount) => mount.point)
    .filter((point) => point.startsWith(`${folder}/`));
  if (points.length > 0) await command("umount", ["--lazy", "--", ...points.reverse()]);
}

// The kernel writes blanks and backslashes as three octal digits.
function withoutEscapes(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
