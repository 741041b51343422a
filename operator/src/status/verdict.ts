import type { Condition } from "@revenprox/contract/condition-types";

/** What a condition says, without its times. */
export type Verdict = Pick<Condition, "status" | "reason" | "message">;

export const isTrue = (reason: string, message: string): Verdict => ({ status: "True", reason, message });
export const isFalse = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
export const isUnknown = (reason: string, message: string): Verdict => ({ status: "Unknown", reason, message });

/** Something that keeps a part from working: one CamelCase word, and a sentence that says what to do. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
}
