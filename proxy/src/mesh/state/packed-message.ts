import type { TopicId } from "../../hub/event.ts";
import { bucketCount } from "./bucket-digest.ts";
import { type Fields, isCount, isLife, jsonFields } from "./message-fields.ts";
import { type Delta, type Outdated, protocolVersion, type Snapshot, type Want } from "./state-message.ts";
import type { TopicCount } from "./topic-table.ts";

/** Every message but the heartbeat: a line of JSON and, after it, topics packed as 16 bytes of id and a count in LEB128. */
export type PackedMessage = Delta | Want | Snapshot | Outdated;

const idBytes = 16;
const lineEnd = 0x0a;

export const writePacked = (message: PackedMessage): Buffer => {
  const head = (fields: Readonly<Record<string, unknown>>): Buffer =>
    Buffer.from(`${JSON.stringify({ v: protocolVersion, ...fields })}\n`);
  switch (message.kind) {
    case "delta": {
      const { changes, ...fields } = message;
      return Buffer.concat([head(fields), packed(changes)]);
    }
    case "snapshot": {
      const { buckets, ...fields } = message;
      const sizes = buckets.map(({ bucket, topics }) => [bucket, topics?.length ?? -1]);
      return Buffer.concat([head({ ...fields, buckets: sizes }), packed(buckets.flatMap(({ topics = [] }) => topics))]);
    }
    case "want":
    case "outdated":
      return head({ ...message });
  }
};

/** Undefined for anything that is no message of this form. */
export const parsePacked = (payload: Uint8Array): PackedMessage | undefined => {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = bytes.indexOf(lineEnd);
  if (end < 0) return undefined;
  const fields = jsonFields(bytes.toString("utf8", 0, end));
  if (!(isCount(fields.v) && fields.v >= protocolVersion)) return undefined;
  const topics = unpacked(bytes, end + 1);
  if (topics === undefined) return undefined;
  switch (fields.kind) {
    case "delta":
      return delta(fields, topics);
    case "snapshot":
      return snapshot(fields, topics);
    case "want":
      return want(fields);
    case "outdated":
      return outdated(fields);
    default:
      return undefined;
  }
};

const delta = ({ life, from }: Fields, changes: readonly TopicCount[]): Delta | undefined =>
  isLife(life) && isCount(from) ? { kind: "delta", life, from, changes } : undefined;

const isBucket = (value: unknown): value is number => isCount(value) && value < bucketCount;

const want = ({ life, buckets }: Fields): Want | undefined =>
  isLife(life) && Array.isArray(buckets) && buckets.every(isBucket) ? { kind: "want", life, buckets } : undefined;

const outdated = ({ epoch }: Fields): Outdated | undefined =>
  isCount(epoch) ? { kind: "outdated", epoch } : undefined;

const snapshot = ({ life, version, buckets }: Fields, topics: readonly TopicCount[]): Snapshot | undefined => {
  if (!(isLife(life) && isCount(version) && Array.isArray(buckets))) return undefined;
  const found: Snapshot["buckets"][number][] = [];
  let at = 0;
  for (const item of buckets as readonly unknown[]) {
    const [bucket, size]: readonly unknown[] = Array.isArray(item) ? item : [];
    if (!isBucket(bucket) || !(size === -1 || isCount(size))) return undefined;
    found.push({ bucket, topics: size === -1 ? undefined : topics.slice(at, at + size) });
    at += Math.max(0, size);
  }
  return at === topics.length ? { kind: "snapshot", life, version, buckets: found } : undefined;
};

const lebBytes = (count: number): number => (count < 0x80 ? 1 : 1 + lebBytes(Math.floor(count / 0x80)));

const packed = (topics: readonly TopicCount[]): Buffer => {
  const bytes = Buffer.allocUnsafe(topics.reduce((sum, [, count]) => sum + idBytes + lebBytes(count), 0));
  let at = 0;
  for (const [topicId, count] of topics) {
    at += bytes.write(topicId, at, idBytes, "hex");
    let rest = count;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) at = bytes.writeUInt8((rest % 0x80) + 0x80, at);
    at = bytes.writeUInt8(rest, at);
  }
  return bytes;
};

/** Largest count that is read: more streams than any proxy will have. */
const mostStreams = 0xffff_ffff;

const unpacked = (bytes: Buffer, from: number): readonly TopicCount[] | undefined => {
  const topics: TopicCount[] = [];
  for (let at = from; at < bytes.length; ) {
    const counted = countAt(bytes, at + idBytes);
    if (counted === undefined) return undefined;
    topics.push([bytes.toString("hex", at, at + idBytes) as TopicId, counted.count]);
    at = counted.next;
  }
  return topics;
};

const countAt = (bytes: Buffer, at: number): { readonly count: number; readonly next: number } | undefined => {
  let count = 0;
  for (let index = at, unit = 1; unit <= mostStreams; index += 1, unit *= 0x80) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    count += (byte % 0x80) * unit;
    if (byte < 0x80) return count > mostStreams ? undefined : { count, next: index + 1 };
  }
  return undefined;
};
