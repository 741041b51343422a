/** Independent readers of a stream; `wire` looks at the bytes and headers themselves. */
export const judgeNames = ["chromium", "eventsource", "eventsource-parser", "wire"] as const;
export type JudgeName = (typeof judgeNames)[number];

/** Those that open a stream and say which events they read. */
export type ReaderName = Exclude<JudgeName, "wire">;

export interface Received {
  readonly type: string;
  readonly data: string;
  /** The client's last event id when the event was dispatched. */
  readonly lastEventId: string;
}

/** `reconnecting`: the client will come again by itself; `closed`: it gave up for good. */
export type Change = "open" | "reconnecting" | "closed";

export interface Opening {
  /** Event types to listen for, beside `message`. */
  readonly types?: readonly string[];
  /** Where Chromium's page comes from; other readers have no origin. */
  readonly page?: PageName;
  readonly withCredentials?: boolean;
}

/** `home` and `foreign` are two origins that are not the proxy's; `same` is the proxy's own. */
export type PageName = "home" | "foreign" | "same";

/** One client's view of one stream. */
export interface Listener {
  /** The next `count` events, taken away; fails after the deadline with what came instead. */
  take(count: number): Promise<readonly Received[]>;
  /** Events that nobody has taken yet. */
  rest(): Promise<readonly Received[]>;
  /** All changes so far, once there are `count`. */
  changes(count: number): Promise<readonly Change[]>;
  listen(types: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface Reader {
  readonly name: ReaderName;
  open(url: string, opening?: Opening): Promise<Listener>;
}

/** Milliseconds that a listener waits for events or changes: far more than they take, on a machine with much else to do. */
export const patienceMs = 60_000;
