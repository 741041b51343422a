/** Response headers in the order of writing; names in their usual capitals. */
export type ResponseHeaders = readonly (readonly [name: string, value: string])[];

/** A whole answer. `status` is a number of the standard; an empty body is written as none. */
export interface Answer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: string | Uint8Array;
  /** What GET answers is a stream, so the answer to HEAD must not tell a length. */
  readonly endless?: true;
}
