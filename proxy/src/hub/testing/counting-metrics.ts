import type { DropReason, MoveReason, ResumeResult } from "@revenprox/contract/metric-labels";
import type { HubMetrics } from "../ports.ts";

/** Counts as the telemetry does, readable by a test. */
export class CountingMetrics implements HubMetrics {
  opened = 0;
  readonly lifetimes: number[] = [];
  stalled = 0;
  messages = 0;
  bytes = 0;
  readonly latencies: number[] = [];
  droppedMessages = 0;
  readonly drops: Record<DropReason, number> = { expired: 0, slow_consumer: 0 };
  gaps = 0;
  filled = 0;
  readonly resumes: ResumeResult[] = [];
  late = 0;
  readonly moves: Record<MoveReason, number> = { drain: 0, shed: 0 };

  streamOpened(): void {
    this.opened += 1;
  }
  streamClosed(seconds: number, stalled: boolean): void {
    if (stalled) this.stalled += 1;
    this.lifetimes.push(seconds);
  }
  sent(messages: number, bytes: number): void {
    this.messages += messages;
    this.bytes += bytes;
  }
  latency(milliseconds: number): void {
    this.latencies.push(milliseconds);
  }
  dropped(messages: number, reason: DropReason = "expired"): void {
    this.droppedMessages += messages;
    this.drops[reason] += messages;
  }
  gapTold(): void {
    this.gaps += 1;
  }
  holeFilled(messages: number): void {
    this.filled += messages;
  }
  resumed(result: ResumeResult): void {
    this.resumes.push(result);
  }
  foundLate(messages: number): void {
    this.late += messages;
  }
  moved(streams: number, reason: MoveReason): void {
    this.moves[reason] += streams;
  }
}
