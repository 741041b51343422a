/**
 * Data of an event of a run: its key, a blank, and padding. Keys begin with a letter that tells the way:
 * `h` over HTTP, `d` straight to NATS, `e` the last one of its topic.
 */
export const eventData = (key: string, bytes: number): string => `${key} `.padEnd(bytes, "x");

const form = /^([hde]\d+) x*$/;

/** Undefined: not made by `eventData`. */
export const keyOf = (data: string): string | undefined => form.exec(data)?.[1];

export const isLastOfTopic = (key: string): boolean => key.startsWith("e");
