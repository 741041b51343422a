/** A stream's leader's view of the servers that hold it. */
export interface LedStream {
  readonly stream: string;
  /** Servers whose copy is not as far as the leader's. */
  readonly behind: readonly string[];
}

/** A managed NATS server as its monitoring port tells it; its name is its pod's. */
export interface NatsServer {
  readonly name: string;
  /** What `/healthz` finds wrong, such as a copy that is not current or a write that failed; undefined: nothing. */
  readonly fault: string | undefined;
  /** The streams that it leads. */
  readonly leads: readonly LedStream[];
}

/**
 * As nats-server words it once a write to a stream's files has failed: it stores nothing in that stream until it is
 * started again, also when the disk has room.
 */
const writeFailure = /write error|no space left/;

export const hasWriteFailure = ({ fault }: NatsServer): boolean => fault !== undefined && writeFailure.test(fault);

/** Thrown when a server's monitoring port answers, but not with what a nats-server says. */
export class NatsMonitorError extends Error {
  override readonly name = "NatsMonitorError";
}

interface Healthz {
  readonly status?: string;
  readonly error?: string;
}

interface Jsz {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name?: string;
      readonly cluster?: {
        readonly leader?: string;
        readonly replicas?: readonly { readonly name?: string; readonly current?: boolean; readonly lag?: number }[];
      };
    }[];
  }[];
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const faultOf = (healthz: Healthz): string | undefined => {
  if (healthz.status === undefined) throw new NatsMonitorError("/healthz gives no status");
  return healthz.status === "ok" ? undefined : (healthz.error ?? healthz.status);
};

const ledBy = (name: string, { account_details: accounts = [] }: Jsz): readonly LedStream[] =>
  accounts
    .flatMap(({ stream_detail: streams = [] }) => streams)
    .filter(({ cluster }) => cluster?.leader === name)
    .map(({ name: stream = "", cluster }) => ({
      stream,
      behind: (cluster?.replicas ?? [])
        .filter(({ current, lag = 0 }) => current !== true || lag > 0)
        .map((replica) => replica.name ?? ""),
    }));

/** Reads the answers of `/healthz` and `/jsz?accounts=true&streams=true` of the server `name`. */
export const natsServer = (name: string, healthz: unknown, jsz: unknown): NatsServer => {
  if (!isObject(healthz) || !isObject(jsz)) throw new NatsMonitorError("the monitoring port answers no JSON object");
  return { name, fault: faultOf(healthz as Healthz), leads: ledBy(name, jsz as Jsz) };
};
