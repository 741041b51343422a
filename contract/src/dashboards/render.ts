import { duration } from "../alerts/duration.ts";
import { placeholder } from "./placeholder.ts";

/** Which instance (or operator) a dashboard is of; every text is free of quotes and backslashes. */
export interface DashboardOwner {
  /** Begins the uid: at most 25 characters that no other owner has. */
  readonly uid: string;
  readonly namespace: string;
  readonly service: string;
  /** Seconds between two scrapes. */
  readonly intervalSec: number;
}

/** The seed's windows for rates of messages and of connections, in seconds. */
const seedShortSec = 60;
const seedLongSec = 300;
/** A rate needs several scrapes in its window. */
const scrapesInWindow = 4;

/** The dashboard's JSON for one owner. */
export const renderDashboard = (json: string, { uid, namespace, service, intervalSec }: DashboardOwner): string => {
  const window = (seconds: number): string => duration(Math.max(seconds, scrapesInWindow * intervalSec));
  const values: Readonly<Record<keyof typeof placeholder, string>> = {
    uid,
    title: `${namespace}/${service}`,
    namespace,
    service,
    shortRange: window(seedShortSec),
    longRange: window(seedLongSec),
  };
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(placeholder[name as keyof typeof placeholder], value),
    json,
  );
};
