import type { KubeClient } from "./client.ts";
import { podKind, type WatchTarget } from "./kinds.ts";
import { slimPod } from "./pod.ts";
import type { ObjectStore } from "./store.ts";
import { Watch, type WatchObserver, type WatchSink } from "./watch.ts";
import type { Scheduler } from "./work-queue.ts";

export interface WatchSetOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  readonly observer: WatchObserver;
  readonly manager: string;
  readonly store: ObjectStore;
  /** Namespaces to watch; empty: all of them with one watch a kind. */
  readonly namespaces: readonly string[];
  /** Called each time a list came in. */
  readonly onSynced: () => void;
}

interface Running {
  readonly watch: Watch;
  readonly ended: Promise<void>;
}

/** The watches that fill a store. */
export class WatchSet {
  readonly #options: WatchSetOptions;
  readonly #running = new Map<WatchTarget, readonly Running[]>();

  constructor(options: WatchSetOptions) {
    this.#options = options;
  }

  /** Whether every watch of these targets runs and has its first list. */
  hasSynced(targets: readonly WatchTarget[]): boolean {
    return targets.every((target) => this.#running.get(target)?.every(({ watch }) => watch.synced) ?? false);
  }

  /** Milliseconds since the quietest watch last heard anything; bookmarks keep it near a minute. */
  get lastEventAgeMs(): number {
    return Math.max(0, ...this.#all().map(({ watch }) => watch.lastEventAgeMs));
  }

  /** Milliseconds since the slowest loop last did anything. */
  get lastProgressAgeMs(): number {
    return Math.max(0, ...this.#all().map(({ watch }) => watch.lastProgressAgeMs));
  }

  start(target: WatchTarget): void {
    if (this.#running.has(target)) return;
    const { namespaces } = this.#options;
    const scopes = namespaces.length === 0 ? [undefined] : namespaces;
    this.#running.set(
      target,
      scopes.map((namespace) => this.#open(target, namespace)),
    );
  }

  /** Ends the watches of a target and forgets its objects: its kind is no longer served. */
  drop(target: WatchTarget): void {
    for (const { watch } of this.#running.get(target) ?? []) watch.stop();
    this.#running.delete(target);
    for (const object of this.#options.store.all(target.kind)) this.#options.store.remove(target.kind, object);
  }

  async stop(): Promise<void> {
    const all = this.#all();
    for (const { watch } of all) watch.stop();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #all(): readonly Running[] {
    return [...this.#running.values()].flat();
  }

  #open(target: WatchTarget, namespace: string | undefined): Running {
    const { client, scheduler, observer, manager } = this.#options;
    const watch = new Watch({
      client,
      scheduler,
      observer,
      manager,
      target,
      namespace,
      sink: this.#sink(target, namespace),
    });
    return { watch, ended: watch.run() };
  }

  #sink(target: WatchTarget, namespace: string | undefined): WatchSink {
    const { store, onSynced } = this.#options;
    const slim = target.kind === podKind ? slimPod : <T>(object: T): T => object;
    return {
      replaced: (objects, version) => {
        store.replace(target.kind, namespace, { objects: objects.map(slim), version });
        // The watch calls itself synced only after this returns.
        queueMicrotask(onSynced);
      },
      changed: (object) => store.put(target.kind, slim(object)),
      removed: (object) => store.remove(target.kind, object),
    };
  }
}
