import type { TestInstance } from "./instance.ts";
import { openStream, type Reader, type Stream } from "./stream.ts";

export interface StoryParts {
  readonly instance: TestInstance;
  /** `/readyz` of the operator. */
  readonly readyUrl: string;
  readonly say: (line: string) => void;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Moment of `now` after which nothing is waited for. */
  readonly deadline: number;
  /** Of this run alone. */
  readonly runId: string;
}

/** Thrown when something did not come true in time. */
export class StoryFailed extends Error {
  override readonly name = "StoryFailed";
}

const topic = "release-test";
const BEFORE = 10;
const AFTER = 50;
const POLL_MS = 500;
/** Between two events, so that the deletion of the pod falls among them. */
const PACE_MS = 50;

type Probe<T> = () => Promise<T | undefined>;

/** Polls until `probe` gives a value; `why` says what was last seen. */
type Eventually = <T>(what: string, probe: Probe<T>, why?: () => string) => Promise<T>;

const eventuallyWith =
  ({ now, pause, deadline }: StoryParts): Eventually =>
  async (what, probe, why = () => "") => {
    let last = "";
    for (;;) {
      const value = await probe().catch((error: unknown) => {
        last = error instanceof Error ? error.message : String(error);
        return undefined;
      });
      if (value !== undefined) return value;
      if (now() > deadline) throw new StoryFailed(`it did not come true in time that ${what}. ${why() || last}`);
      await pause(POLL_MS);
    }
  };

const operatorIsReady = async ({ readyUrl, say }: StoryParts): Promise<true | undefined> => {
  const answer = await fetch(readyUrl, { signal: AbortSignal.timeout(5_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`GET ${readyUrl} answered ${answer.status}: ${text}`);
  say("the operator is ready");
  return true;
};

/** Makes the RevenProx anew and waits until it is Ready. */
const makeReady = async ({ instance, say }: StoryParts, eventually: Eventually): Promise<void> => {
  await instance.remove();
  await eventually("the RevenProx of a former run is gone", async () =>
    (await instance.read()) === undefined ? true : undefined,
  );
  await instance.create();
  let seen = "The operator has said nothing about it.";
  await eventually(
    "the RevenProx is Ready",
    async () => {
      const conditions = (await instance.read())?.status?.conditions ?? [];
      const ready = conditions.find(({ type }) => type === "Ready");
      if (ready !== undefined) seen = `Ready is ${ready.status}, ${ready.reason}: ${ready.message}`;
      return ready?.status === "True" ? true : undefined;
    },
    () => seen,
  );
  say("a RevenProx of two proxies and NATS is Ready");
};

/** Publishes event `number`, again with the same key until it is stored: never twice. */
const publish = async (parts: StoryParts, eventually: Eventually, [key, number]: readonly [string, number]) => {
  const headers = { authorization: `Bearer ${key}`, "idempotency-key": `${parts.runId}-${number}` };
  await eventually(`event ${number} is stored`, async () => {
    const url = `${parts.instance.origin}/events/${topic}`;
    const answer = await fetch(url, {
      method: "POST",
      headers,
      body: String(number),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`POST ${url} answered ${answer.status}: ${text}`);
    return true;
  });
};

/** A client that opens another stream whenever one ends. */
interface Client {
  readonly reader: Reader;
  /** Streams that it had so far. */
  streams: number;
  /** Why the last attempt to open another one failed; empty when it did not. */
  refusal: string;
  hasLeft: boolean;
}

const stayConnected = async (parts: StoryParts, client: Client, first: Stream): Promise<void> => {
  const { instance, pause } = parts;
  let stream: Stream | undefined = first;
  while (!client.hasLeft) {
    let isOver = stream === undefined;
    void stream?.ended.then(() => (isOver = true));
    while (!isOver && !client.hasLeft) await pause(PACE_MS);
    if (!isOver) break;
    try {
      stream = await openStream(`${instance.origin}/events/${topic}`, client.reader);
      client.refusal = "";
      client.streams += 1;
    } catch (error) {
      stream = undefined;
      client.refusal = error instanceof Error ? error.message : String(error);
      await pause(POLL_MS);
    }
  }
  stream?.close();
};

const expectAll = ({ data }: Reader, count: number): void => {
  const wanted = Array.from({ length: count }, (_, index) => String(index + 1));
  if (data.join() !== wanted.join())
    throw new StoryFailed(`the client was to get 1 to ${count}, each once and in order, but got ${data.join()}`);
};

/** Publishes until the client has resumed, and some more; answers the number of the last event. */
const publishAcross = async (parts: StoryParts, eventually: Eventually, [key, client]: readonly [string, Client]) => {
  let number = BEFORE;
  while (number < BEFORE + AFTER || client.streams < 2) {
    number += 1;
    await publish(parts, eventually, [key, number]);
    await parts.pause(PACE_MS);
    if (parts.now() > parts.deadline)
      throw new StoryFailed(`nothing was resumed: ${client.refusal || "the stream outlived its pod"}`);
  }
  return number;
};

const resumeAcrossDeletion = async (parts: StoryParts, eventually: Eventually): Promise<void> => {
  const { instance, say, pause } = parts;
  const key = await instance.publishKey();
  const pods = await eventually("two proxies are ready", async () => {
    const ready = await instance.readyPods();
    return ready.length === 2 ? ready : undefined;
  });
  const [{ name, origin } = { name: "", origin: "" }] = pods;
  const client: Client = { reader: { data: [], lastEventId: undefined }, streams: 1, refusal: "", hasLeft: false };
  const { reader } = client;
  const first = await eventually("a stream is open", () => openStream(`${origin}/events/${topic}`, reader));
  for (let number = 1; number <= BEFORE; number++) await publish(parts, eventually, [key, number]);
  const got = () => `${reader.data.length} arrived, the last id is ${reader.lastEventId ?? "none"}.`;
  await eventually("they arrive", async () => (reader.data.length >= BEFORE ? true : undefined), got);
  say(`a stream of pod ${name} got ${reader.data.length} events`);

  await instance.deletePod(name);
  const staying = stayConnected(parts, client, first);
  try {
    const last = await publishAcross(parts, eventually, [key, client]);
    await eventually("all arrive", async () => (reader.data.length >= last ? true : undefined), got);
    // What comes twice may come late.
    await pause(2 * POLL_MS);
    expectAll(reader, last);
    say(`its pod was deleted: the client resumed on another and got all ${last} events, each once`);
  } finally {
    client.hasLeft = true;
    await staying;
  }
};

/**
 * What `helm test` proves: the operator is ready, makes a RevenProx, and a client of a deleted pod resumes with nothing
 * lost and nothing twice. Throws what went wrong; the RevenProx is deleted in any case.
 */
export const releaseStory = async (parts: StoryParts): Promise<void> => {
  const eventually = eventuallyWith(parts);
  await eventually("the operator is ready", () => operatorIsReady(parts));
  try {
    await makeReady(parts, eventually);
    await resumeAcrossDeletion(parts, eventually);
  } finally {
    await parts.instance.remove();
    parts.say("the RevenProx is deleted");
  }
};
