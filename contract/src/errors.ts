import type { RefusalReason } from "./metric-labels.ts";

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
    mend: "Use 1 to 512 bytes of UTF-8 without control characters after /events/ or in each ?topic=, percent-encoded where needed.",
    reason: "bad_request",
  },
  query_invalid: {
    status: 400,
    title: "The query cannot be used",
    mend: "Use last (a number of events) or since (a time as in RFC 3339), not both, and envelope=json.",
    reason: "bad_request",
  },
  event_invalid: {
    status: 400,
    title: "The event cannot be read",
    mend: 'Send any body as raw data, or Content-Type: application/json with {"data": string, "event"?: string, "retry"?: integer}, or application/x-ndjson with one such object a line.',
    reason: "bad_request",
  },
  data_not_utf8: {
    status: 400,
    title: "The data is not valid UTF-8",
    mend: "Event streams are UTF-8 text: encode binary data, for example as base64.",
    reason: "bad_request",
  },
  content_encoding_unsupported: {
    status: 415,
    title: "The body is compressed or otherwise encoded",
    mend: "Send the body as it is, without Content-Encoding.",
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
  batch_too_large: {
    status: 413,
    title: "The batch is too large",
    mend: "Send at most max_batch_events lines and 8 MiB in one request.",
    reason: "too_large",
  },
  idempotency_key_invalid: {
    status: 400,
    title: "The idempotency key cannot be used",
    mend: "Use 1 to 255 visible ASCII characters, for example a UUID.",
    reason: "bad_request",
  },
  idempotency_conflict: {
    status: 422,
    title: "The idempotency key was used for another event of this topic",
    mend: "Use a new key for a new event; with the same key send exactly the same event.",
    reason: "conflict",
  },
  journal_off: {
    status: 400,
    title: "Nothing is stored here, so there is no past and nothing to compare a repetition with",
    mend: "Leave out last, since, Idempotency-Key and idempotency_key, or have the proxies run with journal.enabled = true.",
    reason: "bad_request",
  },
  credentials_missing: {
    status: 401,
    title: "This needs a key or a token",
    mend: "Send Authorization: Bearer with a token or a publish key (data plane) or a management token (management plane).",
    reason: "auth",
  },
  credentials_invalid: {
    status: 401,
    title: "The key or token is not valid here",
    mend: "Check it; it may have expired or been rotated.",
    reason: "auth",
  },
  permission_denied: {
    status: 403,
    title: "The key or token does not allow this",
    mend: "Use one with the needed right.",
    reason: "auth",
  },
  verifier_unavailable: {
    status: 503,
    title: "The token cannot be verified now",
    mend: "Try again after the given time.",
    reason: "verifier",
  },
  origin_denied: {
    status: 403,
    title: "This page or host may not publish here",
    mend: "Publish from a backend with a publish key; a proxy without keys takes no publishes from foreign web pages.",
    reason: "origin",
  },
  request_malformed: {
    status: 400,
    title: "The request breaks the rules of HTTP/1.1",
    mend: "Send one Host, at most one Content-Length, and no Transfer-Encoding but chunked; a proxy in between may have changed the request.",
    reason: "bad_request",
  },
  request_line_too_long: {
    status: 414,
    title: "The request line is too long",
    mend: "Send a token as Authorization header instead of in the URL, or raise http.max_request_line_size.",
    reason: "too_large",
  },
  headers_too_large: {
    status: 431,
    title: "The headers are too many or too large",
    mend: "Send fewer headers (cookies are not needed), or raise http.max_header_size or http.max_headers.",
    reason: "too_large",
  },
  path_unknown: {
    status: 404,
    title: "There is nothing at this path",
    mend: "Streams are at GET /events/{topic} and GET /events?topic=a&topic=b, publishing at POST /events/{topic}; what the management port has is in its /openapi.json.",
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
  capacity: {
    status: 503,
    title: "This proxy is above one of its limits and takes no new streams",
    mend: "Try again; another proxy may have room.",
    reason: "rejected",
    retryAfter: 5,
  },
  topics_exhausted: {
    status: 503,
    title: "This proxy follows as many topics as it may",
    mend: "Try again; another proxy may have room.",
    reason: "rejected",
    retryAfter: 5,
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    mend: "Send fewer, and try again after the time in Retry-After.",
    reason: "rate_limit",
  },
  token_streams_exhausted: {
    status: 429,
    title: "This token has as many open streams as it may",
    mend: "Close one of its streams, or follow several topics with one stream.",
    reason: "rate_limit",
    retryAfter: 5,
  },
  proxy_protocol_untrusted: {
    status: 400,
    title: "PROXY protocol is not accepted from this address",
    mend: "Add the load balancer's address to http.trusted_proxies, or switch PROXY protocol off there.",
    reason: "bad_request",
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
    title: "No events can be taken now, and this one was not stored",
    mend: "Publish again after the given time.",
    reason: "journal",
    retryAfter: 2,
  },
  journal_unknown: {
    status: 503,
    title: "No answer came in time: the event may have been stored, or sent",
    mend: "Publishing again may deliver it twice.",
    reason: "journal",
    retryAfter: 2,
  },
  journal_busy: {
    status: 503,
    title: "Too many publishes wait for an answer; this one was not stored",
    mend: "Publish again after the given time.",
    reason: "journal",
    retryAfter: 1,
  },
  drain_unconfirmed: {
    status: 422,
    title: "The drain is not confirmed",
    mend: 'Send {"confirm": "<proxy_id>"} with the proxy_id of exactly the proxy that is to be drained.',
    reason: "bad_request",
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
