import { type Soon, whenThere } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import type { Checked, Granted, LiveGrants, Recheck } from "./live-grants.ts";
import type { PublishKeys } from "./publish-keys.ts";
import type { Allowed, Verdict } from "./verdict.ts";
import { tokenName } from "./verdict-cache.ts";
import type { VerifyToken } from "./verify-token.ts";

/** Topics of one request that are verified at once. */
const topicsAtOnce = 8;

interface Caller {
  readonly secret: string | undefined;
  readonly client: () => string;
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
  /** Ends the stream once when it must; what is returned is released when the stream is closed. */
  watch(stream: Granted): { release(): void };
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

const nothingHeld = { release: () => undefined };
const unwatched: StreamAllowed = { kind: "allowed", token: undefined, watch: () => nothingHeld };

const distinct = (topics: readonly AskedTopic[]): readonly AskedTopic[] =>
  topics.length === 1 ? topics : [...new Map(topics.map((topic) => [topic.topicId, topic])).values()];

/** `ask` for each item, at most so many at once; answers in the order of the items. */
const inLanes = async <T, R>(items: readonly T[], ask: (item: T) => Soon<R>): Promise<readonly R[]> => {
  const answers: R[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(topicsAtOnce, items.length) }, lane));
  return answers;
};

/** All verdicts as one: the worst counts, and of good ones the shortest. Of one topic there may be one, and no list. */
const together = (topics: readonly AskedTopic[], said: Verdict | readonly Verdict[]): Refusal | Allowed => {
  if ("kind" in said && said.kind === "allowed") return said;
  const verdicts = "kind" in said ? [said] : said;
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

/** What a token gave a stream. */
class Allowance implements StreamAllowed {
  readonly kind = "allowed";
  readonly token: string;
  readonly #grants: LiveGrants;
  readonly #reader: Checked;
  readonly #verdict: Allowed;

  constructor(grants: LiveGrants, reader: Checked, token: string, verdict: Allowed) {
    this.#grants = grants;
    this.#reader = reader;
    this.token = token;
    this.#verdict = verdict;
  }

  watch(stream: Granted): { release(): void } {
    return this.#grants.watch(this.#verdict, this.#reader, stream);
  }
}

/** Somebody who reads with a token. Kept for as long as a stream is open, so it holds no more than asking again needs. */
class Reader implements Checked {
  readonly #by: { readonly verify: VerifyToken; readonly grants: LiveGrants };
  readonly #secret: string;
  readonly #name: string;
  readonly #topics: readonly AskedTopic[];

  constructor(
    by: { readonly verify: VerifyToken; readonly grants: LiveGrants },
    secret: string,
    topics: readonly AskedTopic[],
  ) {
    this.#by = by;
    this.#secret = secret;
    this.#name = tokenName(secret);
    this.#topics = topics;
  }

  /** For the request that asks. */
  open(client: () => string, span: Span | undefined): Soon<StreamAllowed | Refusal> {
    return whenThere(this.#ask(client, span), (said) => {
      const verdict = together(this.#topics, said);
      if (verdict.kind !== "allowed") return verdict;
      return new Allowance(this.#by.grants, this, this.#name, verdict);
    });
  }

  async check(): Promise<Recheck> {
    return recheckOf(together(this.#topics, await this.#ask(undefined, undefined)));
  }

  #ask(client: (() => string) | undefined, span: Span | undefined): Soon<Verdict | readonly Verdict[]> {
    const topics = this.#topics;
    const [only] = topics;
    if (only !== undefined && topics.length === 1) return this.#verify(only, client, span);
    // Some are asked about in a later turn.
    const name = client?.();
    const named = name === undefined ? undefined : () => name;
    return inLanes(topics, (topic) => this.#verify(topic, named, span));
  }

  #verify({ topic, topicId }: AskedTopic, client: (() => string) | undefined, span: Span | undefined): Soon<Verdict> {
    const { verify } = this.#by;
    return verify({ token: this.#secret, name: this.#name, topic, topicId, action: "subscribe", client, span });
  }
}

/** Who may read and publish, by keys and by the verifier. */
export const accessControl = ({ keys, verify, grants, requireToken, counts }: AccessControlParts) => {
  const readers = verify === undefined ? undefined : { verify, grants };
  const missing = (reason: string): Refusal => {
    counts.asked();
    counts.failed();
    return { kind: "missing", reason };
  };

  const forSubscribe = (
    { secret, client, span }: Caller,
    topics: readonly AskedTopic[],
  ): Soon<StreamAllowed | Refusal> => {
    if (readers === undefined) return unwatched;
    if (secret === undefined) return requireToken() ? missing("subscribing needs a token") : unwatched;
    return new Reader(readers, secret, distinct(topics)).open(client, span);
  };

  const byToken = (secret: string, { client, span }: Caller, topic: AskedTopic): Soon<PublishAllowed | Refusal> => {
    if (verify === undefined) return { kind: "invalid", reason: "the bearer secret is none of the publish keys" };
    const name = tokenName(secret);
    return whenThere(verify({ ...topic, token: secret, name, action: "publish", client, span }), (answer) => {
      const verdict = together([topic], [answer]);
      return verdict.kind === "allowed" ? { kind: "allowed", publisher: `token ${verdict.subject ?? name}` } : verdict;
    });
  };

  const forPublish = (caller: Caller, topic: AskedTopic): Soon<PublishAllowed | Refusal> => {
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
