import { selectorLabels } from "@revenprox/contract/labels";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { Status } from "../reconcile/ports.ts";
import { authenticationConfigured } from "./authentication-configured.ts";
import { autoscalingFields } from "./autoscaling-fields.ts";
import { autoscalingReady } from "./autoscaling-ready.ts";
import { available } from "./available.ts";
import { conditions, type Verdicts } from "./conditions.ts";
import { healingExhausted } from "./healing-exhausted.ts";
import { healingFields } from "./healing-fields.ts";
import { imageFields } from "./image-fields.ts";
import { journalDurable } from "./journal-durable.ts";
import { monitoringReady } from "./monitoring-ready.ts";
import { natsReady } from "./nats-ready.ts";
import { planFields } from "./plan-fields.ts";
import { type Progress, progressOf } from "./progress.ts";
import { ready } from "./ready.ts";
import { reconciling } from "./reconciling.ts";
import { rolloutFields } from "./rollout-fields.ts";
import { routeReady } from "./route-ready.ts";
import { schemaOutdated } from "./schema-outdated.ts";
import { type Situation, situationOf } from "./situation.ts";
import { editNeeded, stalled } from "./stalled.ts";
import { storageGrowthBlocked } from "./storage-growth-blocked.ts";
import { upgradePending } from "./upgrade-pending.ts";
import type { Verdict } from "./verdict.ts";
import { workloadFigures } from "./workload-figures.ts";

const verdictsOf = (situation: Situation, nats: Verdict, progress: Progress): Verdicts => {
  const edit = editNeeded(situation.input.apply);
  const stalledVerdict = stalled(edit, progress);
  return {
    Ready: ready(situation, { edit, nats, progress }),
    Reconciling: reconciling(stalledVerdict, progress),
    Stalled: stalledVerdict,
    Available: available(situation),
    NatsReady: nats,
    JournalDurable: journalDurable(situation),
    StorageGrowthBlocked: storageGrowthBlocked(situation),
    MonitoringReady: monitoringReady(situation),
    RouteReady: routeReady(situation),
    AutoscalingReady: autoscalingReady(situation),
    HealingExhausted: healingExhausted(situation),
    AuthenticationConfigured: authenticationConfigured(situation),
    SchemaOutdated: schemaOutdated(situation),
    UpgradePending: upgradePending(situation),
  };
};

const selectorOf = (name: string): string =>
  Object.entries(selectorLabels(name, "proxy"))
    .map(([label, value]) => `${label}=${value}`)
    .join(",");

/**
 * The whole status of a RevenProx. Transition times stay where nothing changed,
 * so the same situation twice gives the same bytes and no write.
 */
export const status: Status = (input) => {
  const situation = situationOf(input);
  const { metadata, status: old = {} } = input.revenprox;
  const nats = natsReady(situation);
  const progress = progressOf(situation, nats);
  const { generation } = metadata;
  const proxies = situation.proxies?.exist ?? 0;
  const figures = workloadFigures(old, input.workload, proxies);
  return {
    observedGeneration: generation,
    conditions: conditions(verdictsOf(situation, nats, progress), {
      old,
      now: input.now,
      generation,
      cameForward: progress.cameForward,
    }),
    replicas: proxies,
    readyReplicas: situation.proxies?.ready ?? 0,
    selector: selectorOf(metadata.name),
    ...imageFields(input),
    ...figures,
    ...autoscalingFields(input, figures.connections),
    ...rolloutFields(input),
    ...healingFields(input),
    ...planFields(input, figures.connections),
    natsStatus: nats.reason,
    children: [...situation.children],
  } satisfies RevenProxStatus;
};
