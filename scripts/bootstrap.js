// Runs a TypeScript program of this project on the pinned Node, after installing what the lockfile names.
// Plain JavaScript on purpose: it runs before the install, on whatever Node (20 or newer) the machine has.
// Usage: node scripts/bootstrap.js PROGRAM.ts [ARGUMENTS]

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [program, ...programArguments] = process.argv.slice(2);
const stampFile = join(root, "node_modules/.installed");
const node = join(root, "node_modules/.bin/node");

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const lockHash = () => {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"])
    hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
};

const installed = (hash) => existsSync(node) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash;

const install = (hash) => {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  process.stderr.write(`Installing dependencies with ${packageManager} (once; about 15 s)\n`);
  const result = spawnSync("npx", ["--yes", packageManager, "install", "--frozen-lockfile"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    // npx fetched the pinned pnpm already; without this pnpm would also record itself in the lockfile, which a frozen one forbids.
    env: { ...process.env, CI: "true", PNPM_CONFIG_PM_ON_FAIL: "ignore" },
  });
  if (result.error) fail(`npx could not be started: ${result.error.message}. Install Node.js 20 or newer with npm.`);
  if (result.status !== 0)
    fail("The dependencies could not be installed; the reason stands above. Is the npm registry reachable?");
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stampFile, hash);
};

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`This needs Node.js 20 or newer, and this is ${process.version}. See https://nodejs.org/en/download.`);
}
if (program === undefined) fail("Usage: node scripts/bootstrap.js PROGRAM.ts [ARGUMENTS]");

const hash = lockHash();
if (!installed(hash)) install(hash);

const child = spawn(
  node,
  [
    "--conditions=revenprox-source",
    "--disable-warning=ExperimentalWarning",
    "--enable-source-maps",
    join(root, program),
    ...programArguments,
  ],
  { stdio: "inherit", cwd: process.env.INIT_CWD ?? process.cwd() },
);
// A terminal sends Ctrl-C to both processes: the child decides when to end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
