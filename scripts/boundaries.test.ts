import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let tree = "";

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "revenprox-boundaries-"));
  for (const file of ["biome.json", "contract/package.json", "proxy/package.json", "operator/package.json"]) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** What biome says about a file at `path` that imports `specifier`. */
const lint = (path: string, specifier: string): string => {
  const file = join(tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `import { planted } from "${specifier}";\n\nexport const used = planted;\n`);
  try {
    const biome = join(root, "node_modules/.bin/biome");
    return execFileSync(biome, ["lint", "--vcs-enabled=false", "--colors=off", path], {
      cwd: tree,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  } finally {
    rmSync(file);
  }
};

const restricted = "lint/style/noRestrictedImports";
const undeclared = "lint/correctness/noUndeclaredDependencies";

test.each([
  ["contract/src/planted.ts", "node:fs", restricted],
  ["contract/src/planted.ts", "@revenprox/proxy/hub", undeclared],
  ["proxy/src/hub/planted.ts", "node:fs", restricted],
  ["proxy/src/hub/planted.ts", "../mesh/nats-journal.ts", restricted],
  ["proxy/src/hub/planted.ts", "../edge/uws-engine.ts", restricted],
  ["proxy/src/mesh/planted.ts", "../edge/uws-engine.ts", restricted],
  ["proxy/src/mesh/planted.ts", "prom-client", restricted],
  ["proxy/src/edge/planted.ts", "../mesh/nats-journal.ts", restricted],
  ["proxy/src/edge/planted.ts", "@nats-io/transport-node", restricted],
  ["proxy/src/http/planted.ts", "../edge/uws-engine.ts", restricted],
  ["proxy/src/http/planted.ts", "fastify", restricted],
  ["proxy/src/auth/planted.ts", "uWebSockets.js", restricted],
  ["proxy/src/management/planted.ts", "../edge/uws-engine.ts", restricted],
  ["proxy/src/telemetry/planted.ts", "../mesh/nats-journal.ts", restricted],
  ["proxy/src/config/planted.ts", "../compose.ts", restricted],
  ["proxy/src/loops/planted.ts", "../mesh/nats-journal.ts", restricted],
  ["proxy/src/loops/planted.ts", "prom-client", restricted],
  ["proxy/src/planted.ts", "@revenprox/operator/main", undeclared],
  ["proxy/src/planted.ts", "@kubernetes/client-node", undeclared],
  ["operator/src/planted.ts", "@revenprox/proxy/main", undeclared],
  ["operator/src/desired/planted.ts", "../kube/apply.ts", restricted],
  ["operator/src/status/planted.ts", "@kubernetes/client-node", restricted],
  ["operator/src/reconcile/planted.ts", "@kubernetes/client-node", restricted],
])("%s may not import %s", (path, specifier, rule) => {
  expect(lint(path, specifier)).toContain(rule);
});

test.each([
  ["contract/src/planted.ts", "zod"],
  ["proxy/src/hub/planted.ts", "@revenprox/contract/metrics"],
  ["proxy/src/mesh/planted.ts", "../hub/ports.ts"],
  ["operator/src/desired/planted.ts", "@revenprox/contract/names"],
])("%s may import %s", (path, specifier) => {
  const said = lint(path, specifier);
  expect(said).not.toContain(restricted);
  expect(said).not.toContain(undeclared);
});
