/** NATS users of an instance; see `natsPermissions`. */
export const natsUsers = { proxy: "proxy", publisher: "publisher", admin: "admin" } as const;

/**
 * Subjects of one instance. A topic id is 32 lower-case hex digits: the first 16 bytes of SHA-256 of the topic's UTF-8 name.
 * - `in(id)` takes events into the journal; `out(id)` is what the server republishes once they are stored. Where the
 *   journal is off, proxies listen to `in(id)` themselves.
 */
export const natsSubjects = (instance: string) => {
  const prefix = `revenprox.${instance}`;
  return {
    prefix,
    in: (topicId: string) => `${prefix}.in.${topicId}`,
    inAll: `${prefix}.in.>`,
    inTopics: `${prefix}.in.*`,
    inPrefix: `${prefix}.in.`,
    out: (topicId: string) => `${prefix}.out.${topicId}`,
    outAll: `${prefix}.out.>`,
    outPrefix: `${prefix}.out.`,
    /** The journal's epoch record and heartbeat, inside the journal. */
    epochToken: "_epoch",
    /** A publisher that learned of a lost republish tells the topic's followers to compare with the journal. */
    nudge: (topicId: string) => `${prefix}.state.nudge.${topicId}`,
    nudgeAll: `${prefix}.state.nudge.>`,
    /** Heartbeats of all proxies. */
    presence: `${prefix}.state.presence`,
    /** Changes of topic counts between heartbeats. */
    delta: `${prefix}.state.delta`,
    /** Messages for one proxy process. */
    stateTo: (life: string) => `${prefix}.state.to.${life}`,
    /** A proxy asks all others how many streams they have on a topic; the payload is the question's token. */
    census: (topicId: string) => `${prefix}.state.census.${topicId}`,
    censusAll: `${prefix}.state.census.*`,
    /** Answers to the proxy process that asked. */
    censusAnswer: (asker: string) => `${prefix}.state.answer.${asker}`,
    stateAll: `${prefix}.state.>`,
    inboxPrefix: (user: string) => `_INBOX_${instance}_${user}`,
  };
};

/** JetStream stream name of an instance. */
export const journalStream = (instance: string): string => `REVENPROX_${instance.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;

/** What NATS tells of the journal's stream that its proxies act on. */
const streamAdvisories = ["LEADER_ELECTED", "CREATED", "DELETED"] as const;

export const streamAdvisory = (advisory: (typeof streamAdvisories)[number], stream: string): string =>
  `$JS.EVENT.ADVISORY.STREAM.${advisory}.${stream}`;

/** Stream that mirrors the journal for replays; dispensable, and made anew with each epoch. */
export const replayStream = (instance: string): string => `${journalStream(instance)}_REPLAY`;

/** Message headers of an event on the bus; the payload is the event's data as UTF-8 text. */
export const eventHeaders = {
  /** SSE event type; absent: `message`. */
  type: "Revenprox-Event",
  /** SSE reconnection time in milliseconds. */
  retry: "Revenprox-Retry",
  /** W3C Trace Context: the span that the event's delivery belongs to. */
  traceparent: "traceparent",
  /** Written by proxies beside `traceparent`: one of them has decided that the trace is recorded. */
  traced: "Revenprox-Traced",
} as const;

/**
 * What a NATS user may publish and subscribe, `denyPublish` before `publish`; only the server itself writes `….out.>`.
 * The epoch record lies among the topics, but only proxies may write it: it says which ids are valid.
 */
export const natsPermissions = (instance: string, { journal = true }: { readonly journal?: boolean } = {}) => {
  const subjects = natsSubjects(instance);
  const stream = journalStream(instance);
  const mirror = replayStream(instance);
  const api = [
    ...["STREAM.CREATE", "STREAM.UPDATE", "STREAM.INFO", "STREAM.MSG.GET"].map((call) => `$JS.API.${call}.${stream}`),
    ...["STREAM.CREATE", "STREAM.UPDATE", "STREAM.INFO", "STREAM.DELETE"].map((call) => `$JS.API.${call}.${mirror}`),
  ];
  return {
    proxy: {
      publish: [
        subjects.inAll,
        subjects.stateAll,
        ...api,
        "$JS.API.INFO",
        `$JS.API.DIRECT.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}.>`,
        `$JS.API.DIRECT.GET.${mirror}`,
      ],
      denyPublish: [] as readonly string[],
      subscribe: [
        subjects.outAll,
        ...(journal ? [] : [subjects.inTopics]),
        subjects.stateAll,
        `${subjects.inboxPrefix(natsUsers.proxy)}.>`,
        ...streamAdvisories.map((advisory) => streamAdvisory(advisory, stream)),
      ],
    },
    publisher: {
      publish: [subjects.inAll],
      denyPublish: [subjects.in(subjects.epochToken)],
      subscribe: [`${subjects.inboxPrefix(natsUsers.publisher)}.>`, "_INBOX.>"],
    },
  };
};
