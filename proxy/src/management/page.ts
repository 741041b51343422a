/**
 * The `most` items with the least names after `after`, in their order. One pass with a short list, since sorting
 * a hundred thousand topics for each page would hold up the streams.
 */
export const firstAfter = <Item>(
  items: Iterable<Item>,
  nameOf: (item: Item) => string,
  after: string,
  most: number,
): readonly Item[] => {
  const found: { readonly name: string; readonly item: Item }[] = [];
  for (const item of items) {
    const name = nameOf(item);
    const last = found.at(-1);
    if (name <= after || (found.length === most && last !== undefined && name >= last.name)) continue;
    found.splice(placeOf(found, name), 0, { name, item });
    if (found.length > most) found.pop();
  }
  return found.map(({ item }) => item);
};

const placeOf = (sorted: readonly { readonly name: string }[], name: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.name ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return low;
};
