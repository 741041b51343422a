import type { Answer } from "../http/answer.ts";

/** The Prometheus text and its content type. */
export type ReadMetrics = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** GET /metrics. */
export const metricsRoute = (read: ReadMetrics) => async (): Promise<Answer> => {
  const { contentType, text } = await read();
  return { status: 200, headers: [["Content-Type", contentType]], body: text };
};
