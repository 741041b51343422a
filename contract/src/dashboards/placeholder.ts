/** What stands in a dashboard's JSON for what differs between instances. */
export const placeholder = {
  /** Begins the uid. */
  uid: "__UID__",
  /** Ends the title. */
  title: "__TITLE__",
  namespace: "__NAMESPACE__",
  service: "__SERVICE__",
  /** The seed's windows; longer where scrapes are far apart. */
  shortRange: "__SHORT_RANGE__",
  longRange: "__LONG_RANGE__",
} as const;
