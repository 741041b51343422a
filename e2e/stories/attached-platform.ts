import { inject } from "vitest";
import { attachBuiltIn } from "../environment/built-in-cluster.ts";
import type { ImageNames, Platform } from "../environment/platform.ts";

declare module "vitest" {
  export interface ProvidedContext {
    images: ImageNames;
  }
}

/** The cluster that `setup.ts` started for all stories, with the operator installed. */
export const attachedPlatform = (): Promise<Platform> => attachBuiltIn(inject("images"));
