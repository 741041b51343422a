import { rename } from "node:fs/promises";
import { join } from "node:path";
import { contentHash } from "@revenprox/cluster/build/cache";
import { ensureDebianPackages } from "@revenprox/cluster/build/debian-packages";
import { pauseImage } from "@revenprox/cluster/build/pause";
import { type BaseImages, findBaseImages, makeBaseImages } from "./base-images.ts";
import { type BuildContext, contextInputs, readBuildContext, writeBuildContext } from "./build-context.ts";
import { buildImage, type Store } from "./buildah.ts";
import { type CacheKey, findEntry, makeEntry } from "./cache-entry.ts";
import { machineVolumes } from "./machine-settings.ts";
import { type Progress, timed } from "./progress.ts";
import { type Component, RECIPES, type Recipe } from "./recipes.ts";
import { type BuildFolders, withBuildFolders } from "./scratch.ts";

/** An image ready to be imported. Its name changes with its content, except for `localhost/pause:1`. */
export type BuiltImage = { component: Component; name: string; archive: string };

export type BuildOptions = { progress: Progress };

type Plan = { recipe: Recipe; context: BuildContext; key: CacheKey };
type Session = { folders: BuildFolders; bases: BaseImages; volumes: readonly string[]; progress: Progress };

const ROOT = join(import.meta.dirname, "..", "..");
const ARCHIVE = "image.oci.tar";

/**
 * Builds the images of proxy, operator, nats-server and pause from their Dockerfiles, without a container engine or a
 * registry, and returns them as OCI archives. What is unchanged comes from the cache. Needs Debian, Go, and root.
 */
export async function buildImages({ progress }: BuildOptions): Promise<BuiltImage[]> {
  const built = (await findAll()) ?? (await buildAll(progress));
  return [...built, { component: "pause", name: "localhost/pause:1", archive: await pauseImage() }];
}

async function findAll(): Promise<BuiltImage[] | undefined> {
  const bases = await findBaseImages();
  if (bases === undefined) return undefined;
  const plans = await Promise.all(RECIPES.map((recipe) => planFor(recipe, bases)));
  const entries = await Promise.all(plans.map((plan) => findEntry(plan.key)));
  const found = plans.flatMap((plan, index) => {
    const entry = entries[index];
    return entry === undefined ? [] : [describe(plan, entry)];
  });
  return found.length === plans.length ? found : undefined;
}

async function buildAll(progress: Progress): Promise<BuiltImage[]> {
  if (process.getuid?.() !== 0)
    throw new Error("building images without a container engine needs root: run this as root");
  await ensureDebianPackages();
  return withBuildFolders(async (folders) => {
    const [bases, volumes] = await Promise.all([makeBaseImages(folders, progress), machineVolumes(folders)]);
    const session: Session = { folders, bases, volumes, progress };
    // All have to end before the folders go, so the first fault is thrown only then.
    const results = await Promise.allSettled(RECIPES.map((recipe) => build(session, recipe)));
    return results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  });
}

async function build(session: Session, recipe: Recipe): Promise<BuiltImage> {
  const plan = await planFor(recipe, session.bases);
  const work = { what: `building the ${recipe.component} image`, usually: recipe.usually };
  const entry = await makeEntry(plan.key, (target) =>
    timed(session.progress, work, () => buildArchive(session, plan, target)),
  );
  return describe(plan, entry);
}

async function buildArchive(session: Session, plan: Plan, target: string): Promise<void> {
  const folder = join(session.folders.scratch, plan.recipe.component);
  const context = join(folder, "context");
  const dockerfile = await writeBuildContext(plan.context, context);
  const store: Store = { folder, driver: session.bases.driver, baseImages: session.bases.store };
  const archive = join(folder, ARCHIVE);
  const image = `oci-archive:${archive}:${nameOf(plan)}`;
  await buildImage(store, { dockerfile, context, target: image, volumes: session.volumes }).catch((cause: unknown) => {
    throw new Error(`${plan.recipe.dockerfile} could not be built; the output of the failing step is below`, { cause });
  });
  await rename(archive, join(target, ARCHIVE));
}

async function planFor(recipe: Recipe, bases: BaseImages): Promise<Plan> {
  const context = await readBuildContext(ROOT, recipe.dockerfile);
  const inputs = [bases.digest, ...contextInputs(context)];
  return { recipe, context, key: { name: `image-${recipe.component}`, inputs } };
}

function nameOf(plan: Plan): string {
  return `${plan.recipe.repository}:${contentHash(plan.key.inputs)}`;
}

function describe(plan: Plan, entry: string): BuiltImage {
  return { component: plan.recipe.component, name: nameOf(plan), archive: join(entry, ARCHIVE) };
}
