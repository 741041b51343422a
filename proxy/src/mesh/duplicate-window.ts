/** Message ids of one process's journal; the oldest go first when there are more. */
const mostIds = 100_000;

interface Remembered<Place> {
  /** When it was stored, in milliseconds. */
  readonly at: number;
  readonly place: Place;
}

/** Message ids that were stored lately and where. */
export interface DuplicateWindow<Place> {
  find(messageId: string, now: number): Place | undefined;
  remember(messageId: string, place: Place, now: number): void;
}

/** Ids are forgotten after `windowMs`, or sooner when there are more than `most`. */
export const createDuplicateWindow = <Place>(windowMs: number, most = mostIds): DuplicateWindow<Place> => {
  /** In order of storing, which is the order of age. */
  const ids = new Map<string, Remembered<Place>>();
  const forget = (now: number): void => {
    for (const [id, { at }] of ids) {
      if (ids.size <= most && at + windowMs > now) return;
      ids.delete(id);
    }
  };
  return {
    find: (messageId, now) => {
      forget(now);
      return ids.get(messageId)?.place;
    },
    remember: (messageId, place, now) => {
      ids.set(messageId, { at: now, place });
      forget(now);
    },
  };
};
