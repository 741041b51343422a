import type { KubeClient } from "./client.ts";
import { pathOf, type WatchTarget } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";
import { type LiveObject, parseLiveObject } from "./object.ts";
import { backoffMs, type Scheduler } from "./work-queue.ts";

/** Where a watch puts what it sees. */
export interface WatchSink {
  replaced(objects: readonly LiveObject[], version: string): void;
  changed(object: LiveObject): void;
  removed(object: LiveObject): void;
}

export interface WatchObserver {
  /** A list was asked for: at start, and after that only when the server no longer knows our version. */
  listed(target: WatchTarget): void;
  /** The watch broke and is opened again after `delayMs`. */
  interrupted(target: WatchTarget, error: unknown, delayMs: number): void;
}

export interface WatchOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly observer: WatchObserver;
  /** Field manager whose entries are kept in memory. */
  readonly manager: string;
  readonly target: WatchTarget;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly sink: WatchSink;
}

const PAGE_SIZE = 500;
const SERVER_TIMEOUT_SECONDS = 290;
/** The server sends a bookmark about each minute: a silence longer than this is a dead connection. */
const IDLE_LIMIT_MS = 90_000;
/** A watch that lived this long was in order, whatever ended it. */
const SOUND_MS = 2_000;
const BACKOFF = { first: 250, last: 30_000 };

/** The server has forgotten our version: only a new list helps. */
class VersionExpiredError extends Error {
  override readonly name = "VersionExpiredError";
}

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
}

interface ListAnswer {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null for an empty list of metadata. */
  readonly items: readonly unknown[] | null;
}

/**
 * Follows one kind until it is stopped: LIST once, then WATCH after WATCH from the last version seen (bookmarks keep
 * it fresh). No error ends it: each leads to a jittered pause of at most 30 s, and a LIST only when the server asks for it.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #abort = new AbortController();
  #version: string | undefined;
  #synced = false;
  #failures = 0;
  #lastEventAt: number;
  #lastProgressAt: number;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#lastEventAt = options.scheduler.now();
    this.#lastProgressAt = this.#lastEventAt;
  }

  /** Whether the first list is in. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Milliseconds since the last event or bookmark. */
  get lastEventAgeMs(): number {
    return this.#options.scheduler.now() - this.#lastEventAt;
  }

  /** Milliseconds since the loop last did anything, a failed attempt included; it grows only when the loop is stuck. */
  get lastProgressAgeMs(): number {
    return this.#options.scheduler.now() - this.#lastProgressAt;
  }

  /** Resolves when the watch has been stopped. */
  async run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const openedAt = this.#options.scheduler.now();
      try {
        if (this.#version === undefined) await this.#list();
        await this.#follow();
        this.#settle(openedAt);
        // A server that ends every watch at once must not be asked in a tight loop.
        if (this.#failures > 0) await this.#pause(this.#delay());
      } catch (error) {
        await this.#recover(error, openedAt);
      }
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  #settle(openedAt: number): void {
    this.#lastProgressAt = this.#options.scheduler.now();
    this.#failures = this.#lastProgressAt - openedAt >= SOUND_MS ? 0 : this.#failures + 1;
  }

  async #recover(error: unknown, openedAt: number): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#settle(openedAt);
    const relist =
      error instanceof VersionExpiredError || (error instanceof KubeError && [404, 410].includes(error.status));
    if (relist) this.#version = undefined;
    const delay = this.#delay();
    this.#options.observer.interrupted(this.#options.target, error, delay);
    await this.#pause(delay);
  }

  #delay(): number {
    return backoffMs(Math.max(1, this.#failures), this.#options.scheduler.random(), BACKOFF);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.scheduler.after(ms, () => {
        this.#abort.signal.removeEventListener("abort", stopped);
        resolve();
      });
      const stopped = () => {
        cancel();
        resolve();
      };
      this.#abort.signal.addEventListener("abort", stopped, { once: true });
    });
  }

  #path(): string {
    return pathOf(this.#options.target.kind, this.#options.namespace);
  }

  #accept(type: "PartialObjectMetadata" | "PartialObjectMetadataList"): { readonly accept?: string } {
    return this.#options.target.metadataOnly === true
      ? { accept: `application/json;as=${type};g=meta.k8s.io;v=v1` }
      : {};
  }

  async #list(): Promise<void> {
    const objects: LiveObject[] = [];
    const { client, target, observer, sink } = this.#options;
    observer.listed(target);
    let page: ListAnswer | undefined;
    do {
      page = (await client.request({
        method: "GET",
        path: this.#path(),
        query: { limit: String(PAGE_SIZE), continue: page?.metadata.continue, labelSelector: target.labelSelector },
        ...this.#accept("PartialObjectMetadataList"),
      })) as ListAnswer;
      objects.push(...(page.items ?? []).map((item) => this.#parse(item)));
    } while ((page.metadata.continue ?? "") !== "" && !this.#abort.signal.aborted);
    this.#version = page.metadata.resourceVersion;
    this.#lastEventAt = this.#options.scheduler.now();
    sink.replaced(objects, this.#version);
    this.#synced = true;
  }

  async #follow(): Promise<void> {
    const { client, target } = this.#options;
    const lines = client.lines({
      path: this.#path(),
      query: {
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: this.#version,
        timeoutSeconds: String(SERVER_TIMEOUT_SECONDS),
        labelSelector: target.labelSelector,
      },
      ...this.#accept("PartialObjectMetadata"),
      signal: this.#abort.signal,
      idleMs: IDLE_LIMIT_MS,
    });
    for await (const line of lines) {
      this.#take(JSON.parse(line) as WatchEvent);
      if (this.#abort.signal.aborted) return;
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === "ERROR") throw watchError(object, this.#path());
    const { sink } = this.#options;
    // The version moves on first: an object that cannot be read must not be met again and again.
    this.#version = (object as LiveObject).metadata.resourceVersion;
    this.#lastEventAt = this.#options.scheduler.now();
    this.#lastProgressAt = this.#lastEventAt;
    this.#failures = 0;
    if (type === "BOOKMARK") return;
    const live = this.#parse(object);
    if (type === "DELETED") sink.removed(live);
    else sink.changed(live);
  }

  #parse(object: unknown): LiveObject {
    return parseLiveObject(object, this.#options.target.kind, this.#options.manager);
  }
}

const watchError = (object: unknown, path: string): Error => {
  const { code = 500 } = object as { readonly code?: number };
  if (code === 410) return new VersionExpiredError(`WATCH ${path}: the server no longer knows our version`);
  return new KubeError(code, JSON.stringify(object), `WATCH ${path}`);
};
