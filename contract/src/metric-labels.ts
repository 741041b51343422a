/** Why a request was refused; the label values of `refusals_total`, all present from the start. */
export const refusalReasons = [
  "auth",
  "bad_request",
  "conflict",
  "draining",
  "internal",
  "journal",
  "not_found",
  "origin",
  "too_large",
  "rate_limit",
  "verifier",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Why a message was dropped for a stream; the label values of `drops_total`, all present from the start. */
export const dropReasons = ["expired", "slow_consumer"] as const;
export type DropReason = (typeof dropReasons)[number];

/** What a request was for; the label values of `requests_total`. Health, metrics and unknown paths are not counted. */
export const requestRoutes = ["subscribe", "publish"] as const;
export type RequestRoute = (typeof requestRoutes)[number];

/**
 * How a request ended for its client; the label values of `requests_total`, all present from the start.
 * A soft refusal counts as what it stands for, not as the 200 on the wire.
 */
export const requestClasses = [
  /** 1xx to 3xx. */
  "success",
  /** 4xx: the client's own doing, 429 included. */
  "client_error",
  /** 503: no room, draining, no journal, no verifier. */
  "unavailable",
  /** Every other 5xx. */
  "server_error",
] as const;
export type RequestClass = (typeof requestClasses)[number];

/** What became of a stream that came with a last event id; the label values of `resumes_total`, all present from the start. */
export const resumeResults = [
  "continued",
  "expired",
  "reset",
  "future",
  "invalid",
  "replay_limit",
  "not_stored",
] as const;
export type ResumeResult = (typeof resumeResults)[number];

/** Why a stream was ended so that its client goes to another proxy; the label values of `streams_moved_total`, all present from the start. */
export const moveReasons = ["drain", "shed"] as const;
export type MoveReason = (typeof moveReasons)[number];

/** Why a span was lost; the label values of `trace_spans_dropped_total`, all present from the start. */
export const spanLosses = ["queue_full", "export_failed"] as const;

/**
 * Who was asked for stored messages; the label values of `journal_reads_total`, all present from the start.
 * main = the journal's stream, mirror = its replay mirror, leader = a check with the stream's leader,
 * tails = a comparison of followed topics with the journal.
 */
export const journalReadSources = ["leader", "main", "mirror", "tails"] as const;
export type JournalReadSource = (typeof journalReadSources)[number];
