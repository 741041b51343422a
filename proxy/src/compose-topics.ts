import type { Hub } from "./hub/hub.ts";
import { firstAfter } from "./management/page.ts";

function* listed(hub: Hub) {
  for (const { topic, topicId, subscribers } of hub.topics()) yield { topic, id: topicId, subscribers };
}

/** The first `most` topics with streams here after that name. */
export const topicsAfter = (hub: Hub, after: string, most: number) =>
  firstAfter(listed(hub), ({ topic }) => topic, after, most);
