import type { RefusalReason } from "./metrics.ts";

/**
 * One way in which the proxy refuses a request (RFC 9457 problem).
 * `title` says what is wrong, `mend` what the caller can do; `reason` is the label of `refusals_total`,
 * `rejected` refusals count as `connections_rejected` instead.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly mend: string;
  readonly reason: RefusalReason | "rejected";
  /** Seconds for `Retry-After`; absent where trying again does not help. */
  readonly retryAfter?: number;
}

/** Every error code of the data plane and the management plane. */
export const errors = {
  topic_invalid: {
    status: 400,
    title: "The topic name cannot be used",
    mend: "Use 1 to 512 bytes of UTF-8 without control characters after /events/, percent-encoded where needed.",
    reason: "bad_request",
  },
  event_invalid: {
    status: 400,
    title: "The event cannot be read",
    mend: 'Send any body as raw data, or Content-Type: application/json with {"data": string, "event"?: string, "retry"?: integer}.',
    reason: "bad_request",
  },
  data_not_utf8: {
    status: 400,
    title: "The data is not valid UTF-8",
    mend: "Event streams are UTF-8 text: encode binary data, for example as base64.",
    reason: "bad_request",
  },
  event_type_reserved: {
    status: 422,
    title: "Event types that start with revenprox. are reserved",
    mend: "Choose another event type.",
    reason: "bad_request",
  },
  event_too_large: {
    status: 413,
    title: "The event is too large",
    mend: "Stay below max_event_size, or publish a reference to the data.",
    reason: "too_large",
  },
  body_incomplete: {
    status: 400,
    title: "The request body ended early",
    mend: "Send the request again.",
    reason: "bad_request",
  },
  credentials_missing: {
    status: 401,
    title: "This needs a key",
    mend: "Send Authorization: Bearer with a publish key (data plane) or a management token (management plane).",
    reason: "auth",
  },
  credentials_invalid: {
    status: 401,
    title: "The key is not known here",
    mend: "Check the key; keys may have been rotated.",
    reason: "auth",
  },
  permission_denied: {
    status: 403,
    title: "The key does not allow this",
    mend: "Use a token with the needed right.",
    reason: "auth",
  },
  origin_denied: {
    status: 403,
    title: "This page or host may not publish here",
    mend: "Publish from a backend with a publish key; a proxy without keys takes no publishes from foreign web pages.",
    reason: "origin",
  },
  path_unknown: {
    status: 404,
    title: "There is nothing at this path",
    mend: "Streams are at GET /events/{topic}, publishing at POST /events/{topic}.",
    reason: "not_found",
  },
  method_not_allowed: {
    status: 405,
    title: "This method does not work here",
    mend: "See the Allow header.",
    reason: "bad_request",
  },
  connections_exhausted: {
    status: 503,
    title: "This proxy holds as many streams as it may",
    mend: "Try again; another proxy may have room.",
    reason: "rejected",
    retryAfter: 5,
  },
  draining: {
    status: 503,
    title: "This proxy is shutting down",
    mend: "Try again; another proxy will answer.",
    reason: "draining",
    retryAfter: 1,
  },
  journal_unavailable: {
    status: 503,
    title: "The journal takes no events now, and this one was not stored",
    mend: "Publish again after the given time.",
    reason: "journal",
    retryAfter: 2,
  },
  journal_unknown: {
    status: 503,
    title: "The journal did not answer in time: the event may have been stored",
    mend: "Publishing again may store it twice.",
    reason: "journal",
    retryAfter: 2,
  },
  journal_busy: {
    status: 503,
    title: "Too many publishes wait for the journal; this one was not stored",
    mend: "Publish again after the given time.",
    reason: "journal",
    retryAfter: 1,
  },
  internal_error: {
    status: 500,
    title: "The proxy failed on this request",
    mend: "This is a fault of the proxy: report it with the line from its log.",
    reason: "internal",
  },
  config_invalid: {
    status: 422,
    title: "The value cannot be used",
    mend: "See the detail for what is allowed.",
    reason: "bad_request",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;
