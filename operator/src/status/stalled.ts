import { planAnnotation, revenproxApi } from "@revenprox/contract/resource/group";
import type { ApplyOutcome } from "../reconcile/ports.ts";
import { insteadOfChanging } from "../reconcile/rival.ts";
import type { Progress } from "./progress.ts";
import { isFalse, isTrue, type Trouble, type Verdict } from "./verdict.ts";

const forbidden = 403;

const refusalReason = ({ ref, status }: Extract<ApplyOutcome, { kind: "refused" }>): string => {
  if (ref.kind === revenproxApi.kind) return "InvalidSpec";
  const hasPods = ref.kind === "Deployment" || ref.kind === "StatefulSet";
  return hasPods && status !== forbidden ? "PodTemplateInvalid" : "Refused";
};

const onlyPlanned: Trouble = {
  reason: "PlanOnly",
  message: `Nothing is written while the annotation ${planAnnotation} is there; status.plan says what would be. Remove it to have that done.`,
};

const needsEdit = (outcome: ApplyOutcome): Trouble | undefined => {
  const object = `${outcome.ref.kind} ${outcome.ref.name}`;
  switch (outcome.kind) {
    case "name-conflict":
      return {
        reason: "NameConflict",
        message: `${object} exists and belongs to ${outcome.owner}; it is left alone. Delete or rename it, or give the RevenProx another name.`,
      };
    case "conflict":
      return {
        reason: "Conflict",
        message: `${outcome.manager} keeps changing ${outcome.fields.join(", ")} of ${object}. Stop that, or ${insteadOfChanging(outcome)}.`,
      };
    case "refused":
      return {
        reason: refusalReason(outcome),
        message:
          outcome.ref.kind === revenproxApi.kind
            ? `The spec cannot be carried out: ${outcome.message}. Edit it.`
            : `${object} is refused (${outcome.message}). Edit the RevenProx, or what refuses it.`,
      };
    case "planned":
      return onlyPlanned;
    case "unchanged":
    case "created":
    case "changed":
    case "renewed":
    case "drift-corrected":
    case "namespace-ends":
    case "failed":
      return undefined;
  }
};

/** What only an edit by somebody can mend. */
export const editNeeded = (outcomes: readonly ApplyOutcome[]): Trouble | undefined => {
  const troubles = outcomes.flatMap((outcome) => needsEdit(outcome) ?? []);
  return troubles.find((trouble) => trouble !== onlyPlanned) ?? troubles[0];
};

/** Whether waiting alone helps no more. */
export const stalled = (edit: Trouble | undefined, progress: Progress): Verdict => {
  if (edit !== undefined) return isTrue(edit.reason, edit.message);
  if (!progress.deadlineExceeded) return isFalse("NotStalled", "Nothing waits for an edit.");
  return isTrue(
    "ProgressDeadlineExceeded",
    `No progress in ${progress.deadlineSeconds} seconds (spec.progressDeadlineSeconds). ${progress.waitingFor ?? ""}`.trim(),
  );
};
