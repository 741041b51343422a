import { describe, expect, test } from "vitest";
import { secondsLater, settledInput, unreadyPod, withWorkload } from "../testing/live.ts";
import { message, next, none, said, waiting } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

describe("the progress deadline", () => {
  const stuck = withWorkload(settledInput({ progressDeadlineSeconds: 60 }), "Deployment", none);
  const first = status(stuck);
  const second = status(next(stuck, first, secondsLater(59)));
  const late = status(next(stuck, second, secondsLater(60)));

  test("passes without progress", () => {
    expect(said(second, "Stalled")).toBe("False NotStalled");
    expect(said(late, "Stalled")).toBe("True ProgressDeadlineExceeded");
    expect(said(late, "Reconciling")).toBe("False Stalled");
    expect(message(late, "Stalled")).toContain("0 of 3 pods are available");
  });

  test("stays passed", () => {
    expect(said(status(next(stuck, late, secondsLater(61))), "Stalled")).toBe("True ProgressDeadlineExceeded");
  });

  test("keeps the cause in Ready", () => {
    const image = withWorkload(stuck, "Deployment", none, [unreadyPod("revenprox", waiting("ImagePullBackOff"))]);
    expect(said(status(next(image, late, secondsLater(61))), "Ready")).toBe("False ImagePullFailed");
  });

  test("begins anew with progress", () => {
    const better = withWorkload(stuck, "Deployment", { readyReplicas: 1, availableReplicas: 1 });
    const forward = status(next(better, late, secondsLater(70)));
    expect(said(forward, "Reconciling")).toBe("True Progressing");
    expect(said(status(next(better, forward, secondsLater(129))), "Stalled")).toBe("False NotStalled");
    expect(said(status(next(better, forward, secondsLater(130))), "Stalled")).toBe("True ProgressDeadlineExceeded");
  });

  test("begins anew with an edit", () => {
    const { revenprox } = stuck;
    const edited = { ...stuck, revenprox: { ...revenprox, metadata: { ...revenprox.metadata, generation: 4 } } };
    const afterEdit = status(next(edited, late, secondsLater(500)));
    expect(said(afterEdit, "Stalled")).toBe("False NotStalled");
    expect(said(status(next(edited, afterEdit, secondsLater(559))), "Stalled")).toBe("False NotStalled");
  });

  test("heals by itself", () => {
    const healed = status(next(settledInput({ progressDeadlineSeconds: 60 }), late, secondsLater(3_600)));
    expect([said(healed, "Ready"), said(healed, "Stalled")]).toEqual(["True Ready", "False NotStalled"]);
  });

  test("is the Deployment's word too", () => {
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }];
    const exceeded = withWorkload(stuck, "Deployment", { ...none, conditions });
    const result = status(next(exceeded, first, secondsLater(5)));
    expect(said(result, "Stalled")).toBe("True ProgressDeadlineExceeded");
    expect(result.children?.find(({ kind }) => kind === "Deployment")?.health).toBe("Failed");
  });
});
