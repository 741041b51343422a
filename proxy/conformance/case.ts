import type { Bench } from "./bench.ts";
import type { JudgeName } from "./judges/judge.ts";
import type { Section } from "./sections.ts";

/** One demand of a standard on the proxy, and how it is tried. Every case runs on every engine. */
export interface ConformanceCase {
  /** Unique, kebab-case; also the name of the topic that the case uses. */
  readonly name: string;
  readonly demand: string;
  readonly section: Section;
  /** The file in web-platform-tests/eventsource that makes the demand, without its ending. */
  readonly wpt?: string;
  readonly judges: readonly JudgeName[];
  readonly run: (bench: Bench) => Promise<void>;
}

export const readers: readonly JudgeName[] = ["chromium", "eventsource", "eventsource-parser"];
/** Those that reconnect by themselves. */
export const eventSources: readonly JudgeName[] = ["chromium", "eventsource"];
