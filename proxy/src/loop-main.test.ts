import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const importOf = /^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)";/gm;

/** Own modules and packages that come in with a module, as far as they are imported when it is loaded. */
const loadedWith = (program: URL): ReadonlySet<string> => {
  const loaded = new Set<string>();
  const visit = (module: string): void => {
    if (loaded.has(module)) return;
    loaded.add(module);
    if (!module.startsWith("file:")) return;
    for (const [, name = ""] of readFileSync(fileURLToPath(module), "utf8").matchAll(importOf))
      visit(name.startsWith(".") ? new URL(name, module).href : nameInContract(name));
  };
  visit(program.href);
  return loaded;
};

const nameInContract = (name: string): string => {
  const [, path] = /^@revenprox\/contract\/(.+)$/.exec(name) ?? [];
  return path === undefined ? name : new URL(`../../contract/src/${path}.ts`, import.meta.url).href;
};

const managementOnly = ["fastify", "zod"];

test("an event loop loads nothing that only the management plane and the reading of configuration need: 11 MiB", () => {
  const loop = loadedWith(new URL("loop-main.ts", import.meta.url));
  expect(loop).toContain("pino");
  expect(managementOnly.filter((name) => loop.has(name))).toEqual([]);
  const whole = loadedWith(new URL("main.ts", import.meta.url));
  expect(managementOnly.filter((name) => whole.has(name))).toEqual(managementOnly);
});
