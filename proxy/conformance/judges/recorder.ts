import type { Change, Received } from "./judge.ts";

interface SourceEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly lastEventId?: string;
}

/** What browsers and npm packages have in common under the name EventSource. */
export interface Source {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: SourceEvent) => void): void;
  close(): void;
}

/** What was found when the wait ended; `complete` is false at the deadline. */
export interface Found<T> {
  readonly complete: boolean;
  readonly found: T[];
}

export interface Recorder {
  open(id: string, source: Source, types: readonly string[]): void;
  listen(id: string, types: readonly string[]): void;
  take(id: string, count: number, withinMs: number): Promise<Found<Received>>;
  changes(id: string, count: number, withinMs: number): Promise<Found<Change>>;
  rest(id: string): Received[];
  close(id: string): void;
}

/** Records what EventSources say. Runs in Node and, as source text, in a page: so it uses nothing from outside itself. */
export const createRecorder = (): Recorder => {
  interface Record {
    readonly source: Source;
    readonly types: Set<string>;
    readonly events: Received[];
    readonly changes: Change[];
  }
  const records = new Map<string, Record>();
  const wakers = new Set<() => void>();
  const wake = (): void => {
    for (const waker of [...wakers]) waker();
  };
  const of = (id: string): Record => {
    const record = records.get(id);
    if (record === undefined) throw new Error(`no stream ${id}`);
    return record;
  };
  // A published event may be called "open" or "error": only messages carry data.
  const hear = (record: Record, { type, data, lastEventId = "" }: SourceEvent): void => {
    if (typeof data === "string") record.events.push({ type, data, lastEventId });
    else if (type === "open") record.changes.push("open");
    else if (type === "error") record.changes.push(record.source.readyState === 2 ? "closed" : "reconnecting");
    wake();
  };
  const listen = (record: Record, types: readonly string[]): void => {
    for (const type of types) {
      if (record.types.has(type)) continue;
      record.types.add(type);
      record.source.addEventListener(type, (event) => hear(record, event));
    }
  };
  const when = (ready: () => boolean, withinMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const settle = (complete: boolean): void => {
        wakers.delete(check);
        clearTimeout(timer);
        resolve(complete);
      };
      const check = (): void => {
        if (ready()) settle(true);
      };
      const timer = setTimeout(() => settle(false), withinMs);
      wakers.add(check);
      check();
    });
  return {
    open: (id, source, types) => {
      const record: Record = { source, types: new Set(), events: [], changes: [] };
      records.set(id, record);
      listen(record, ["open", "error", "message", ...types]);
    },
    listen: (id, types) => listen(of(id), types),
    take: async (id, count, withinMs) => {
      const { events } = of(id);
      const complete = await when(() => events.length >= count, withinMs);
      return { complete, found: complete ? events.splice(0, count) : [...events] };
    },
    changes: async (id, count, withinMs) => {
      const { changes } = of(id);
      return { complete: await when(() => changes.length >= count, withinMs), found: [...changes] };
    },
    rest: (id) => [...of(id).events],
    close: (id) => {
      records.get(id)?.source.close();
      records.delete(id);
    },
  };
};
