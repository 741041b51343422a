import type { TopicId } from "./event.ts";
import type { TopicRef, TopicStarts } from "./past.ts";
import type { JournalPlace } from "./ports.ts";
import type { SharedPages } from "./shared-pages.ts";

/** Where a stream begins that was asked to begin in the past. */
export interface LocatedStart {
  readonly after: number;
  /** Of some topics less is wanted than what lies after `after`. */
  readonly starts: TopicStarts | undefined;
}

/** A time is one place for all topics; a number of events is another place for each. */
export const locateStart = async (
  pages: Pick<SharedPages, "locate">,
  members: readonly TopicRef[],
  place: JournalPlace,
): Promise<LocatedStart> => {
  const found = await Promise.all(
    members.map(async ({ topicId }): Promise<[TopicId, number]> => [topicId, await pages.locate(topicId, place)]),
  );
  const after = found.reduce((least, [, sequence]) => Math.min(least, sequence), Number.POSITIVE_INFINITY);
  return { after, starts: members.length > 1 && "last" in place ? new Map(found) : undefined };
};
