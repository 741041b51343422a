import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findGo, type Go } from "@revenprox/cluster/build/go";
import { command } from "@revenprox/cluster/host/command";
import type { BuildFolders } from "./scratch.ts";

const WORKSPACE = join(import.meta.dirname, "..", "..");
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const GO_SETTINGS = [
  "GOPROXY",
  "GOFLAGS",
  "GOSUMDB",
  "GOPRIVATE",
  "GONOPROXY",
  "GONOSUMDB",
  "GOINSECURE",
  "GOVCS",
] as const;
const NPM_SETTINGS = /^(@[^:]+:registry|registry|proxy|https-proxy|noproxy|strict-ssl)$/;

/**
 * Volumes that give build steps this machine's certificates, npm and Go settings and caches. Being mounts, they
 * exist while a step runs and leave nothing in the image.
 */
export async function machineVolumes(folders: BuildFolders): Promise<string[]> {
  const settings = join(folders.scratch, "settings");
  await mkdir(settings, { mode: 0o700 });
  const npm = await npmSettings();
  const certificates = await joinCertificates(npm["cafile"]);
  const files = {
    [CERTIFICATES]: certificates,
    "/root/.npmrc": npmrc(npm, await npmCredentials(npm), certificates !== ""),
  };
  const go = await goVolumes(settings);
  return [...(await writeSettings(settings, files)), ...go, ...(await downloadVolumes(folders))];
}

/** The text of an .npmrc with the settings and credentials that reaching the registry takes, and nothing else. */
export function npmrc(
  settings: Readonly<Record<string, unknown>>,
  credentials: readonly string[],
  hasCertificates: boolean,
): string {
  const lines = Object.entries(settings)
    .filter(([key, value]) => NPM_SETTINGS.test(key) && value !== null && value !== "")
    .map(([key, value]) => `${key}=${String(value)}`);
  const certificates = hasCertificates ? [`cafile=${CERTIFICATES}`] : [];
  return [...lines, ...certificates, ...credentials, "update-notifier=false", "audit=false", "fund=false", ""].join(
    "\n",
  );
}

/** The lines of an .npmrc that hold credentials of a registry. */
export function credentialLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("//"));
}

async function npmSettings(): Promise<Record<string, unknown>> {
  // In the root folder no project's .npmrc is found: that one belongs to the build context.
  return JSON.parse(await command("npm", ["config", "list", "--json"], { cwd: "/" })) as Record<string, unknown>;
}

async function npmCredentials(settings: Readonly<Record<string, unknown>>): Promise<string[]> {
  const files = [settings["globalconfig"], settings["userconfig"]].filter(
    (path) => typeof path === "string" && existsSync(path),
  );
  const texts = await Promise.all(files.map((path) => readFile(String(path), "utf8")));
  return texts.flatMap(credentialLines);
}

async function joinCertificates(npmCertificates: unknown): Promise<string> {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = process.env;
  const named = [CERTIFICATES, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, npmCertificates];
  const files = new Set(named.filter((path) => typeof path === "string" && existsSync(path)));
  const texts = await Promise.all([...files].map((path) => readFile(String(path), "utf8")));
  return texts.join("\n");
}

async function goVolumes(settings: string): Promise<string[]> {
  const go: Go = await findGo();
  const names = ["GOROOT", "GOMODCACHE", "GOCACHE", ...GO_SETTINGS];
  const values = JSON.parse(await command(go.program, ["env", "-json", ...names], { cwd: "/" })) as Record<
    string,
    string
  >;
  const lines = GO_SETTINGS.map((name) => `${name}=${values[name] ?? ""}\n`).join("");
  const caches = [`${values["GOMODCACHE"]}:/go/pkg/mod`, `${values["GOCACHE"]}:/root/.cache/go-build`];
  await Promise.all([values["GOMODCACHE"], values["GOCACHE"]].map((path) => mkdir(String(path), { recursive: true })));
  const written = await writeSettings(settings, { "/root/.config/go/env": lines });
  return [`${values["GOROOT"]}:/usr/local/go:ro`, ...caches, ...written];
}

async function downloadVolumes(folders: BuildFolders): Promise<string[]> {
  const [npm, pnpm] = [join(folders.downloads, "npm"), join(folders.downloads, "pnpm")];
  const store = await pnpmStore();
  await Promise.all([npm, pnpm, store].map((folder) => mkdir(folder, { recursive: true })));
  return [`${npm}:/root/.npm`, `${pnpm}:/root/.cache/pnpm`, `${store}:/root/.local/share/pnpm/store`];
}

// The store that the workspace was installed from already holds what the images need.
async function pnpmStore(): Promise<string> {
  const { packageManager } = JSON.parse(await readFile(join(WORKSPACE, "package.json"), "utf8")) as {
    packageManager: string;
  };
  const env = { ...process.env, PNPM_CONFIG_PM_ON_FAIL: "ignore" };
  const path = await command("npx", ["--yes", packageManager, "store", "path"], { cwd: WORKSPACE, env });
  return dirname(path.trim());
}

// An empty text means that the machine has no such setting: then the image's own file stays.
async function writeSettings(folder: string, texts: Readonly<Record<string, string>>): Promise<string[]> {
  const given = Object.entries(texts).filter(([, text]) => text !== "");
  const volumes = given.map(async ([path, text]) => {
    const file = join(folder, path.replaceAll("/", "_"));
    await writeFile(file, text, { mode: 0o600 });
    return `${file}:${path}:ro`;
  });
  return Promise.all(volumes);
}
