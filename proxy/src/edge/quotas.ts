/** What one token or publish key may use. */
export interface Quotas {
  /** Milliseconds after which the publisher may publish again; undefined: this publish is allowed, and counted. */
  publish(publisher: string): number | undefined;
  /** Counts a stream of the token; false: it has all it may. */
  stream(token: string): boolean;
  /** A stream of the token is closed. */
  streamClosed(token: string): void;
}
