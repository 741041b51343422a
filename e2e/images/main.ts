import { buildImages } from "./build.ts";

try {
  const images = await buildImages({ progress: say });
  for (const image of images) process.stdout.write(`${image.component}\t${image.name}\t${image.archive}\n`);
} catch (error) {
  for (let fault: unknown = error; fault instanceof Error; fault = fault.cause) say(fault.message);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stderr.write(`[images] ${line}\n`);
}
