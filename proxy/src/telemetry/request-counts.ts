import type { RequestClass, RequestRoute } from "@revenprox/contract/metric-labels";

/** Where the counts end up. */
interface LabelledCounter {
  inc(labels: { readonly route: RequestRoute; readonly class: RequestClass }, by: number): void;
}

/** Counts requests in plain numbers, which reach the counter when it is read: to look its labels up costs more than all else that a request counts. */
export class RequestCounts {
  readonly #counts = new Map<RequestRoute, Map<RequestClass, number>>();

  add(route: RequestRoute, how: RequestClass): void {
    const classes = this.#counts.get(route);
    if (classes === undefined) this.#counts.set(route, new Map([[how, 1]]));
    else classes.set(how, (classes.get(how) ?? 0) + 1);
  }

  /** Hands over what was counted since the last time. */
  handOver(counter: LabelledCounter): void {
    for (const [route, classes] of this.#counts)
      for (const [how, by] of classes) counter.inc({ route, class: how }, by);
    this.#counts.clear();
  }
}
