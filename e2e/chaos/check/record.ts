/** What a client wrote down while it listened; times are milliseconds since 1970. */
export type Observation =
  /** Its topics, once, before all else. */
  | { readonly kind: "client"; readonly client: number; readonly topics: readonly number[] }
  /** A stream was answered with 200. */
  | {
      readonly kind: "open";
      readonly client: number;
      readonly at: number;
      readonly proxy: string;
      readonly lastEventId: string | undefined;
    }
  /** A block of just an id. */
  | { readonly kind: "id"; readonly client: number; readonly at: number; readonly id: string }
  | {
      readonly kind: "event";
      readonly client: number;
      readonly at: number;
      readonly id: string;
      readonly key: string;
      /** Bytes of its data. */
      readonly size: number;
    }
  | {
      readonly kind: "gap";
      readonly client: number;
      readonly at: number;
      readonly topic: number;
      readonly from: string | undefined;
      readonly to: string;
      readonly reason: string;
    }
  | { readonly kind: "close"; readonly client: number; readonly at: number; readonly why: string }
  /** What came breaks the rules of HTTP or of event streams. */
  | { readonly kind: "broken"; readonly client: number; readonly at: number; readonly why: string };

/** What became of one publish. */
export interface Publication {
  readonly key: string;
  readonly topic: number;
  /** `unknown`: perhaps stored, as far as the publisher was told. */
  readonly outcome: "accepted" | "unknown" | "refused";
  /** Of an accepted one. */
  readonly sequence: number | undefined;
  readonly note: string;
}

const none = "-";
const word = (value: string | number | undefined): string => (value === undefined ? none : String(value));
/** Words hold no blanks, save the last of a line. */
const plain = (value: string | undefined): string | undefined =>
  value === none || value === undefined ? undefined : value;

export const observationLine = (seen: Observation): string => {
  switch (seen.kind) {
    case "client":
      return `${seen.client} 0 client ${seen.topics.join(",")}`;
    case "open":
      return `${seen.client} ${seen.at} open ${seen.proxy} ${word(seen.lastEventId)}`;
    case "id":
      return `${seen.client} ${seen.at} id ${seen.id}`;
    case "event":
      return `${seen.client} ${seen.at} event ${seen.id} ${seen.key} ${seen.size}`;
    case "gap":
      return `${seen.client} ${seen.at} gap ${seen.topic} ${word(seen.from)} ${seen.to} ${seen.reason}`;
    case "close":
    case "broken":
      return `${seen.client} ${seen.at} ${seen.kind} ${seen.why}`;
  }
};

/** Throws on a line that `observationLine` does not make. */
export const parseObservation = (line: string): Observation => {
  const [clientText = "", atText = "", kind, ...words] = line.split(" ");
  const [first = "", second, third, fourth] = words;
  const client = Number(clientText);
  const at = Number(atText);
  switch (kind) {
    case "client":
      return { kind, client, topics: first.split(",").map(Number) };
    case "open":
      return { kind, client, at, proxy: first, lastEventId: plain(second) };
    case "id":
      return { kind, client, at, id: first };
    case "event":
      return { kind, client, at, id: first, key: second ?? "", size: Number(third) };
    case "gap":
      return { kind, client, at, topic: Number(first), from: plain(second), to: third ?? "", reason: fourth ?? "" };
    case "close":
    case "broken":
      return { kind, client, at, why: words.join(" ") };
    default:
      throw new Error(`a record has a line that is none: ${JSON.stringify(line)}`);
  }
};

export const publicationLine = ({ key, topic, outcome, sequence, note }: Publication): string =>
  `${key} ${topic} ${outcome} ${word(sequence)} ${note}`;

export const parsePublication = (line: string): Publication => {
  const [key = "", topic, outcome, sequence, ...note] = line.split(" ");
  if (outcome !== "accepted" && outcome !== "unknown" && outcome !== "refused")
    throw new Error(`the publishers' record has a line that is none: ${JSON.stringify(line)}`);
  const known = plain(sequence);
  return {
    key,
    topic: Number(topic),
    outcome,
    sequence: known === undefined ? undefined : Number(known),
    note: note.join(" "),
  };
};

/**
 * Sequence in an id of the proxy, `<epoch>-<sequence>`, behind which ids of streams of several topics may carry a
 * proof. Clients must not look inside; the judge may.
 */
export const sequenceOf = (id: string): number => Number(id.slice(id.indexOf("-") + 1).split("~")[0]);

/** The sequences between which an id says what its client was written; undefined: it does not. */
export const provenOf = (id: string): { readonly from: number; readonly to: number } | undefined => {
  const [, lag] = /~([0-9a-z]+)\./.exec(id) ?? [];
  if (lag === undefined) return undefined;
  const to = sequenceOf(id);
  return { from: to - Number.parseInt(lag, 36), to };
};
