/** Whether an id is among the share `ratio` of all ids; the same answer on every proxy. */
export const isChosen = (id: string, ratio: number): boolean => {
  // FNV-1a, and the finisher of MurmurHash3, so that ids in a row are spread.
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000 < ratio;
};
