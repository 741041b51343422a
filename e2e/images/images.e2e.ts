import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltImage, buildImages } from "./build.ts";
import { buildWithEngine, findContainerEngine } from "./container-engine.ts";
import { type ImageContent, readOciArchive } from "./oci-archive.ts";
import { type Component, RECIPES } from "./recipes.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAMS = ["proxy", "operator"] as const;
const engine = await findContainerEngine();

let images: BuiltImage[];
const contents = new Map<Component, ImageContent>();

beforeAll(async () => {
  images = await buildImages({ progress: (line) => process.stderr.write(`[images] ${line}\n`) });
  for (const image of images) contents.set(image.component, await readOciArchive(image.archive));
}, 900_000);

describe(
  engine === undefined ? "images (no container engine here: not compared with what one builds)" : "images",
  () => {
    it("are named by their content, and the archive says the same name", () => {
      for (const image of images) {
        expect(content(image.component).name).toBe(image.name);
        if (image.component !== "pause") expect(image.name).toMatch(/^localhost\/[a-z-]+:[0-9a-f]{16}$/);
      }
    });

    it("come from the cache when nothing changed", async () => {
      const said: string[] = [];
      expect(await buildImages({ progress: (line) => said.push(line) })).toEqual(images);
      expect(said).toEqual([]);
    });

    it.each(PROGRAMS)("%s: runs compiled code as an ordinary user", (component) => {
      const { config } = content(component);
      expect(config.User).toBe("1000:1000");
      expect(config.Entrypoint?.slice(0, 2)).toEqual(["node", "--enable-source-maps"]);
      expect(config.Entrypoint?.at(-1)).toBe("/app/dist/main.js");
      expect(config.Cmd ?? []).toEqual([]);
      expect(config.Env).toContain("NODE_ENV=production");
      expect(config.Labels).toMatchObject({
        "org.opencontainers.image.title": `revenprox-${component}`,
        "org.opencontainers.image.licenses": "Apache-2.0",
      });
    });

    it("say which ports they listen on", () => {
      expect(Object.keys(content("proxy").config.ExposedPorts ?? {}).sort()).toEqual(["8080/tcp", "9090/tcp"]);
      expect(Object.keys(content("operator").config.ExposedPorts ?? {})).toEqual(["8080/tcp"]);
    });

    it.each(PROGRAMS)(
      "%s: adds nothing outside /app to its base: no certificates, settings or caches of this machine",
      (component) => {
        const paths = content(component).layers.at(-1) ?? [];
        expect(paths).toContain("app/dist/main.js");
        expect(paths.filter((path) => path !== "app" && !path.startsWith("app/"))).toEqual([]);
        expect(
          paths.filter((path) => /(^|\/)(\.npmrc|\.modules\.yaml|pnpm-lock\.yaml|[^/]+\.tsbuildinfo)$/.test(path)),
        ).toEqual([]);
      },
    );

    it.each(PROGRAMS)("%s: its base holds none of this machine’s settings", (component) => {
      const base = content(component).layers.slice(0, -1).flat();
      const settings =
        /^(root\/(\.npmrc|\.npm|\.config|\.cache)|etc\/apt\/sources\.list|usr\/local\/(go|share\/ca-certificates\/.+))$/;
      expect(base.filter((path) => settings.test(path))).toEqual([]);
    });

    it.each(PROGRAMS)("%s: holds no TypeScript and no development dependency", (component) => {
      const paths = filesOfApp(component);
      expect(paths.filter((path) => /\.[cm]?ts$/.test(path))).toEqual([]);
      const packages = /\/\.pnpm\/(typescript|vitest|knip|fast-check|node|@biomejs\+biome|eventsource)@/;
      expect(paths.filter((path) => packages.test(path))).toEqual([]);
    });

    it("hold one native binary, for this machine", () => {
      const binaries = filesOfApp("proxy").filter((path) => /\/uws_[^/]+\.node$/.test(path));
      expect(binaries.map((path) => path.replace(/.*\//, ""))).toEqual([`uws_linux_${process.arch}_127.node`]);
    });

    it("nats-server: is one static file", () => {
      const { config, layers } = content("nats-server");
      expect(layers.flat()).toEqual(["nats-server"]);
      expect(config).toMatchObject({ User: "1000:1000", Entrypoint: ["/nats-server"] });
    });

    if (engine !== undefined) {
      it.each(PROGRAMS)(`%s: ${engine} builds the same from the same Dockerfile`, async (component) => {
        const folder = await mkdtemp(join(tmpdir(), "revenprox-engine-"));
        try {
          const dockerfile = RECIPES.find((recipe) => recipe.component === component)?.dockerfile ?? "";
          const other = await readOciArchive(await buildWithEngine(engine, { dockerfile, root: ROOT, folder }));
          const { User, Entrypoint, WorkingDir, ExposedPorts } = content(component).config;
          expect(other.config).toMatchObject({ User, Entrypoint, WorkingDir, ExposedPorts });
          expect(ownLabels(other)).toEqual(ownLabels(content(component)));
          expect(appPaths(other)).toEqual(filesOfApp(component));
        } finally {
          await rm(folder, { recursive: true });
        }
      });
    }
  },
);

function content(component: Component): ImageContent {
  const found = contents.get(component);
  if (found === undefined) throw new Error(`no ${component} image was built`);
  return found;
}

function filesOfApp(component: Component): string[] {
  return appPaths(content(component));
}

function appPaths(image: ImageContent): string[] {
  return image.layers
    .flat()
    .filter((path) => path.startsWith("app/"))
    .sort();
}

// Each builder adds a label of its own, such as its version.
function ownLabels(image: ImageContent): Record<string, string> {
  const labels = Object.entries(image.config.Labels ?? {});
  return Object.fromEntries(labels.filter(([key]) => key.startsWith("org.opencontainers.image.")));
}
