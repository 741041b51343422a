import connections from "./connections.json" with { type: "json" };
import messages from "./messages.json" with { type: "json" };
import overview from "./overview.json" with { type: "json" };
import slo from "./slo.json" with { type: "json" };

/** JSON of the dashboards of an instance, with placeholders for `renderDashboard`, by the end of their uid. */
export const dashboards: ReadonlyMap<string, string> = new Map(
  Object.entries({ overview, connections, messages, slo }).map(([id, dashboard]) => [id, JSON.stringify(dashboard)]),
);
