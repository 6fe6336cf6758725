/** What the record of a job does not say: polls that it has not kept yet, and what happens next. */
import { isOpen } from '../../domain/checkout/claim-rules.ts';
import type { CheckoutRecord, Poll } from '../../domain/checkout/record.ts';
import type { GateSettings } from '../../domain/gate/gate-settings.ts';
import type { GateStore } from '../../ports/gate-store.ts';
import type { Schedule } from '../../ports/schedule.ts';
import { viewGate } from '../pause-gate.ts';
import { hasEntry, type NextStep, nextStep } from './next-step.ts';
import { unkeptPolls } from './story.ts';

export interface AroundJobDeps {
  readonly schedule: Pick<Schedule, 'due' | 'exists'>;
  readonly gateStore: Pick<GateStore, 'read' | 'now'>;
  readonly config: { readonly gate: GateSettings };
  /** The storage's time, epoch ms. */
  readonly now: () => number;
}

/** Throws `Unavailable`. */
export async function aroundJob(
  { schedule, gateStore, config, now }: AroundJobDeps,
  record: CheckoutRecord,
): Promise<{ readonly unkept: readonly Poll[]; readonly next: NextStep }> {
  const [gate, unkept, entry] = await Promise.all([
    viewGate(gateStore, config.gate),
    record.state === 'ordered' ? unkeptPolls(schedule, record.jobKey) : [],
    isOpen(record) ? hasEntry(schedule, record) : undefined,
  ]);
  return { unkept, next: nextStep(record, { now: now(), gate, hasEntry: entry }) };
}
