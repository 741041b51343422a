/** The epoch in which a model journal begins. */
export const modelEpoch = 1_700_000_000_000;

export const idOf = (sequence: number, epoch = modelEpoch): string => `${epoch}-${String(sequence).padStart(3, "0")}`;

/** What a stream is told first. */
export const primingText = (sequence: number): string => `retry: 2000\nid: ${idOf(sequence)}\n\n`;

export const eventText = (sequence: number, data: string): string => `id: ${idOf(sequence)}\ndata: ${data}\n\n`;

/** A gap on topic `a`, with the id block behind it. */
export const gapText = (from: string | null, to: string, reason: string): string =>
  `event: revenprox.gap\ndata: ${JSON.stringify({ topic: "a", from, to, reason, recoverable: false })}\n\nid: ${to}\n\n`;
