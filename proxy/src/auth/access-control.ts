import type { Span } from "../hub/tracing.ts";
import type { EndReason, LiveGrants, Recheck } from "./live-grants.ts";
import type { PublishKeys } from "./publish-keys.ts";
import { secretDigest } from "./secret-digest.ts";
import type { Allowed, Verdict } from "./verdict.ts";
import type { VerifyToken } from "./verify-token.ts";

/** Topics of one request that are verified at once. */
const topicsAtOnce = 8;

interface Caller {
  readonly secret: string | undefined;
  readonly client: string;
  readonly span?: Span | undefined;
}

interface AskedTopic {
  readonly topic: string;
  readonly topicId: string;
}

/** Why somebody may not; `topics` are those that were denied. */
type Refusal =
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "denied"; readonly reason: string; readonly topics: readonly string[] }
  | { readonly kind: "unavailable"; readonly reason: string; readonly retryAfterSec: number };

interface StreamAllowed {
  readonly kind: "allowed";
  /** Names the token without telling it; undefined when there was none. */
  readonly token: string | undefined;
  /** Calls `end` once when the stream must end; the returned function says that it is closed. */
  watch(end: (reason: EndReason) => void): () => void;
}

interface PublishAllowed {
  readonly kind: "allowed";
  /** The key's id or the token's subject: the same through rotations. */
  readonly publisher: string;
}

export interface AccessControlParts {
  /** Absent: no folder of keys is configured. */
  readonly keys: Pick<PublishKeys, "verify"> | undefined;
  /** Absent: nobody is asked about tokens. */
  readonly verify: VerifyToken | undefined;
  readonly grants: LiveGrants;
  readonly requireToken: () => boolean;
  /** Counts what needs no verifier: publish keys, and credentials that are missing. */
  readonly counts: { asked(): void; failed(): void };
}

const nameOf = (secret: string): string => Buffer.from(secretDigest(secret)).toString("base64url");

const unwatched: StreamAllowed = { kind: "allowed", token: undefined, watch: () => () => undefined };

/** `ask` for each item, at most so many at once; answers in the order of the items. */
const inLanes = async <T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const answers: R[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(topicsAtOnce, items.length) }, lane));
  return answers;
};

/** All verdicts as one: the worst counts, and of good ones the shortest. */
const together = (topics: readonly AskedTopic[], verdicts: readonly Verdict[]): Refusal | Allowed => {
  const unavailable = verdicts.find((verdict) => verdict.kind === "unavailable");
  const denials = verdicts.filter((verdict) => verdict.kind === "denied");
  const [first] = denials;
  const badToken = denials.find(({ of }) => of === "token");
  if (badToken !== undefined) return { kind: "invalid", reason: badToken.reason };
  if (first !== undefined) {
    const names = topics.filter((_, index) => verdicts[index]?.kind === "denied").map(({ topic }) => topic);
    return { kind: "denied", reason: first.reason, topics: names };
  }
  if (unavailable !== undefined) return unavailable;
  const good = verdicts.filter((verdict) => verdict.kind === "allowed");
  const ends = good.flatMap(({ until }) => (until === undefined ? [] : [until]));
  return {
    kind: "allowed",
    until: ends.length === 0 ? undefined : Math.min(...ends),
    freshUntil: Math.min(...good.map(({ freshUntil }) => freshUntil)),
    subject: good[0]?.subject,
  };
};

const recheckOf = (verdict: Refusal | Allowed): Recheck => {
  if (verdict.kind === "allowed" || verdict.kind === "unavailable") return verdict;
  return { kind: "denied" };
};

/** Who may read and publish, by keys and by the verifier. */
export const accessControl = ({ keys, verify, grants, requireToken, counts }: AccessControlParts) => {
  const missing = (reason: string): Refusal => {
    counts.asked();
    counts.failed();
    return { kind: "missing", reason };
  };

  const forSubscribe = async (
    { secret, client, span }: Caller,
    topics: readonly AskedTopic[],
  ): Promise<StreamAllowed | Refusal> => {
    if (verify === undefined) return unwatched;
    if (secret === undefined) return requireToken() ? missing("subscribing needs a token") : unwatched;
    const distinct = [...new Map(topics.map((topic) => [topic.topicId, topic])).values()];
    const ask = async (asker?: Span): Promise<Refusal | Allowed> =>
      together(
        distinct,
        await inLanes(distinct, (topic) =>
          verify({ ...topic, token: secret, action: "subscribe", client, span: asker }),
        ),
      );
    const verdict = await ask(span);
    if (verdict.kind !== "allowed") return verdict;
    const check = async (): Promise<Recheck> => recheckOf(await ask());
    return { kind: "allowed", token: nameOf(secret), watch: (end) => grants.watch(verdict, check, end) };
  };

  const byToken = async (
    secret: string,
    { client, span }: Caller,
    topic: AskedTopic,
  ): Promise<PublishAllowed | Refusal> => {
    if (verify === undefined) return { kind: "invalid", reason: "the bearer secret is none of the publish keys" };
    const verdict = together([topic], [await verify({ ...topic, token: secret, action: "publish", client, span })]);
    return verdict.kind === "allowed"
      ? { kind: "allowed", publisher: `token ${verdict.subject ?? nameOf(secret)}` }
      : verdict;
  };

  const forPublish = async (caller: Caller, topic: AskedTopic): Promise<PublishAllowed | Refusal> => {
    const { secret } = caller;
    if (secret === undefined) return missing("publishing needs a publish key or a token");
    const key = keys?.verify(secret, topic.topic) ?? { kind: "invalid" };
    if (key.kind === "invalid" && verify !== undefined) return byToken(secret, caller, topic);
    counts.asked();
    if (key.kind === "valid") return { kind: "allowed", publisher: `key ${key.id}` };
    counts.failed();
    if (key.kind === "invalid") return byToken(secret, caller, topic);
    if (key.kind === "expired") return { kind: "invalid", reason: `the publish key ${key.id} has expired` };
    return { kind: "denied", reason: `the publish key ${key.id} is not for this topic`, topics: [topic.topic] };
  };

  return { forSubscribe, forPublish };
};
