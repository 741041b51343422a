/** One field that another manager holds, from the answer to an apply without force. */
export interface FieldConflict {
  readonly manager: string;
  /** Dotted path such as `.spec.replicas`. */
  readonly field: string;
}

/** As for a list with two items of one key, or a quantity that is none: `managedfields` and `patch.go` of the API server. */
const malformedObject = /^failed to (create typed patch object|convert new object)/;

/** The API server's refusal: its HTTP status and the `Status` object it sent. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly status: number;
  /** What the server says, without the request that it answers. */
  readonly answer: string;
  /** CamelCase word such as NotFound, AlreadyExists, Conflict, Invalid, Expired; empty when the server gave none. */
  readonly reason: string;
  readonly conflicts: readonly FieldConflict[];
  /** The object that was sent is none of its kind, which the API server tells as an error of its own (500). */
  readonly malformed: boolean;
  /** Nothing can be made in the namespace any more: it is being terminated, or gone. */
  readonly namespaceEnds: boolean;

  constructor(status: number, body: string, request: string) {
    const answer = parseStatus(body);
    const said = answer.message === "" ? `HTTP ${status}` : answer.message;
    super(`${request}: ${said}`);
    this.status = status;
    this.answer = said;
    this.reason = answer.reason;
    this.conflicts = answer.conflicts;
    this.malformed = status === 500 && malformedObject.test(answer.message);
    this.namespaceEnds = answer.namespaceEnds;
  }
}

/** The API server could not be reached, or the connection broke. */
export class KubeUnreachableError extends Error {
  override readonly name = "KubeUnreachableError";
}

export const isStatus = (error: unknown, status: number): error is KubeError =>
  error instanceof KubeError && error.status === status;

/** Whether the API server refuses to make anything in a namespace since it is being terminated, or gone. */
export const isEndOfNamespace = (error: unknown): boolean => error instanceof KubeError && error.namespaceEnds;

interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface StatusBody {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly kind?: string; readonly causes?: readonly StatusCause[] };
}

const parseStatus = (body: string) => {
  const answer = parseObject(body);
  const causes = answer.details?.causes ?? [];
  return {
    message: answer.message ?? body.slice(0, 300),
    reason: answer.reason ?? "",
    namespaceEnds:
      causes.some(({ reason }) => reason === "NamespaceTerminating") ||
      (answer.reason === "NotFound" && answer.details?.kind === "namespaces"),
    conflicts: causes
      .filter((cause) => cause.reason === "FieldManagerConflict")
      .map((cause) => ({ manager: managerOf(cause.message ?? ""), field: cause.field ?? "" })),
  };
};

/** The server writes: conflict with "kubectl-edit" using apps/v1. */
const managerOf = (message: string): string => /conflict with "([^"]*)"/.exec(message)?.[1] ?? "another client";

const parseObject = (body: string): StatusBody => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as StatusBody) : {};
  } catch {
    // Proxies before the API server answer in plain text or HTML: the text itself is then the message.
    return {};
  }
};
