/** Every case runs on each. */
export const engines = ["uws", "node"] as const;
export type Engine = (typeof engines)[number];
