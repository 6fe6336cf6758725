/** Which metrics each event moves. Pure. */

import type { EventName, Fields } from '../../ports/telemetry.ts';
import type { AttributesOf, Metric } from '../../ports/tracing.ts';

export type Measure = {
  readonly [Name in Metric]: {
    readonly metric: Name;
    readonly value: number;
    readonly attributes?: AttributesOf<Name>;
  };
}[Metric];

/** The metrics that an event moves. */
export function measuresOf(name: EventName, fields: Fields): readonly Measure[] {
  const word = (field: string): string => String(fields[field] ?? 'unknown');
  const seconds = (field: string): number => Number(fields[field] ?? 0) / 1_000;
  switch (name) {
    case 'JobFinished': {
      const attributes = { outcome: word('outcome') };
      return [
        { metric: 'checkout.jobs', value: 1, attributes },
        { metric: 'checkout.job.duration', value: seconds('totalMs'), attributes },
      ];
    }
    case 'JobRejected':
      return [{ metric: 'checkout.jobs', value: 1, attributes: { outcome: 'rejected' } }];
    case 'JobRescheduled':
      return [{ metric: 'checkout.reschedules', value: 1 }];
    case 'PollTick':
      return [{ metric: 'checkout.ticks', value: 1 }];
    case 'GateChanged':
      return fields['state'] === 'open'
        ? [
            {
              metric: 'checkout.gate.closed',
              value: seconds('closedMs'),
              attributes: { cause: word('cause') },
            },
          ]
        : [];
    case 'TokenRefreshed':
      return [{ metric: 'checkout.token.refresh', value: 1, attributes: { outcome: word('outcome') } }];
    default:
      return [];
  }
}
