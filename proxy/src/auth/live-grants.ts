import type { Clock } from "../hub/ports.ts";

const tickMs = 250;

/** Streams that are ended in one tick; the rest follows in the next. */
const endsPerTick = 5_000;

/** Checks that are under way at once. */
const checksAtOnce = 64;

/** A verdict is never checked again sooner, however short its time. */
const minRecheckMs = 1_000;

export type EndReason = "expired" | "denied" | "unavailable";

/** Milliseconds since 1970. */
export interface GrantTimes {
  readonly until: number | undefined;
  readonly freshUntil: number;
}

/** What checking again came to. */
export type Recheck =
  | ({ readonly kind: "allowed" } & GrantTimes)
  | { readonly kind: "denied" }
  | { readonly kind: "unavailable"; readonly retryAfterSec: number };

export interface LiveGrantsParts {
  readonly clock: Pick<Clock, "now" | "after">;
  /** Checks begun each second at most. */
  readonly checksPerSec: () => number;
  /** So long a stream lives whose verdict cannot be renewed. */
  readonly graceMs: number;
}

/** What a stream was granted by, which can be asked again. */
export interface Checked {
  check(): Promise<Recheck>;
}

/** A stream that lives as long as its grant. */
export interface Granted {
  /** Called once at most. */
  end(reason: EndReason): void;
}

/** One stream's grant. An object and no closures: there is one for each stream with a token. */
class Grant {
  times: GrantTimes;
  /** When a stream that cannot be checked is ended. */
  graceUntil: number | undefined = undefined;
  over = false;
  /** Where it waits: a slot, and its place there. */
  slot = -1;
  at = -1;
  readonly by: Checked;
  readonly to: Granted;
  readonly #grants: LiveGrants;

  constructor(grants: LiveGrants, times: GrantTimes, by: Checked, to: Granted) {
    this.#grants = grants;
    this.times = times;
    this.by = by;
    this.to = to;
  }

  /** The stream is closed. */
  release(): void {
    this.#grants.release(this);
  }
}

/** Open streams by the time at which something is due for them: one timer for all. */
export class LiveGrants {
  readonly #parts: LiveGrantsParts;
  /** Arrays, since to put a grant into a large set costs several times as much. */
  readonly #slots = new Map<number, Grant[]>();
  readonly #ending: Grant[] = [];
  readonly #checking: Grant[] = [];
  #underWay = 0;
  #hand: number;
  #size = 0;
  #cancel: (() => void) | undefined;

  constructor(parts: LiveGrantsParts) {
    this.#parts = parts;
    this.#hand = this.#slotOf(parts.clock.now());
  }

  /** Watches a stream until its grant is released, or it was ended. */
  watch(times: GrantTimes, by: Checked, to: Granted): Grant {
    const grant = new Grant(this, times, by, to);
    if (this.#size === 0) this.#hand = this.#slotOf(this.#parts.clock.now());
    this.#size += 1;
    this.#place(grant, times.freshUntil);
    this.#cancel ??= this.#parts.clock.after(tickMs, () => this.#tick());
    return grant;
  }

  release(grant: Grant): void {
    if (grant.over) return;
    grant.over = true;
    this.#size -= 1;
    this.#takeOut(grant);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#slots.clear();
  }

  #slotOf(at: number): number {
    return Math.ceil(at / tickMs);
  }

  #place(grant: Grant, recheckAt: number): void {
    const soonest = this.#parts.clock.now() + minRecheckMs;
    const due = Math.min(grant.times.until ?? Number.POSITIVE_INFINITY, Math.max(recheckAt, soonest));
    if (due === Number.POSITIVE_INFINITY) return;
    grant.slot = Math.max(this.#slotOf(due), this.#hand + 1);
    grant.at = 0;
    const slot = this.#slots.get(grant.slot);
    if (slot === undefined) this.#slots.set(grant.slot, [grant]);
    else grant.at = slot.push(grant) - 1;
  }

  /** The last one of its slot takes its place. */
  #takeOut(grant: Grant): void {
    const slot = this.#slots.get(grant.slot);
    if (slot?.[grant.at] !== grant) return;
    const last = slot.pop();
    if (last === undefined || last === grant) return;
    slot[grant.at] = last;
    last.at = grant.at;
  }

  #tick(): void {
    this.#cancel = this.#size === 0 ? undefined : this.#parts.clock.after(tickMs, () => this.#tick());
    const now = this.#parts.clock.now();
    const last = Math.floor(now / tickMs);
    while (this.#hand < last && this.#slots.size > 0) {
      this.#hand += 1;
      for (const grant of this.#slots.get(this.#hand) ?? []) this.#due(grant, now);
      this.#slots.delete(this.#hand);
    }
    this.#hand = Math.max(this.#hand, last);
    for (const grant of this.#ending.splice(0, endsPerTick)) this.#end(grant, "expired");
    this.#beginChecks();
  }

  #due(grant: Grant, now: number): void {
    if (grant.over) return;
    const expired = grant.times.until !== undefined && grant.times.until <= now;
    (expired ? this.#ending : this.#checking).push(grant);
  }

  #beginChecks(): void {
    const paced = Math.max(1, Math.floor((this.#parts.checksPerSec() * tickMs) / 1_000));
    const count = Math.min(paced, checksAtOnce - this.#underWay);
    for (const grant of this.#checking.splice(0, Math.max(0, count))) void this.#check(grant);
  }

  async #check(grant: Grant): Promise<void> {
    if (grant.over) return;
    this.#underWay += 1;
    const checked = await grant.by.check();
    this.#underWay -= 1;
    if (grant.over) return;
    if (checked.kind === "allowed") {
      grant.times = { until: checked.until, freshUntil: checked.freshUntil };
      grant.graceUntil = undefined;
      this.#place(grant, checked.freshUntil);
    } else if (checked.kind === "denied") this.#end(grant, this.#hasExpired(grant) ? "expired" : "denied");
    else this.#wait(grant, checked.retryAfterSec);
  }

  #hasExpired({ times }: Grant): boolean {
    return times.until !== undefined && times.until <= this.#parts.clock.now();
  }

  #wait(grant: Grant, retryAfterSec: number): void {
    const now = this.#parts.clock.now();
    grant.graceUntil ??= now + this.#parts.graceMs;
    if (this.#hasExpired(grant)) this.#end(grant, "expired");
    else if (now >= grant.graceUntil) this.#end(grant, "unavailable");
    else this.#place(grant, Math.min(grant.graceUntil, now + retryAfterSec * 1_000));
  }

  #end(grant: Grant, reason: EndReason): void {
    if (grant.over) return;
    this.release(grant);
    grant.to.end(reason);
  }
}
