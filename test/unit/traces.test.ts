/** Promise: a trace is kept whole or not at all. */

import { describe, expect, test } from 'vitest';
import type { Envelope } from '../../local/azure/application-insights.ts';
import {
  tracedEvents,
  tracedPartnerCenter,
  tracedQueue,
  tracedTable,
} from '../../src/adapters/telemetry/traced.ts';
import type { Exchange } from '../../src/domain/answer/exchange.ts';
import type { PartnerCenter } from '../../src/ports/partner-center.ts';
import type { Table } from '../../src/ports/table.ts';
import type { Tracing } from '../../src/ports/tracing.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { rowsOf } from '../support/trace-bed.ts';

const name = ({ data }: Envelope) => data.baseData['name'];
const traceOf = ({ tags }: Envelope) => tags['ai.operation.id'];
const properties = ({ data }: Envelope) => Object(data.baseData['properties']) as Record<string, string>;

/** The parent of a job: a producer's or a host's span, kept there (`01`) or not (`00`). */
const parent = (trace: number, flags: '00' | '01') =>
  `00-${trace.toString(16).padStart(8, '0').repeat(4)}-00000000000000aa-${flags}`;

async function job(tracing: Tracing, traceparent: string | undefined): Promise<void> {
  await tracing.span('checkout job', { parent: traceparent }, () =>
    tracing.span('Checkouts get', { kind: 'client' }, async () => undefined),
  );
}

describe('which traces are kept', () => {
  test('a job is kept whole, whether its remote parent was kept or not', async () => {
    const rows = await rowsOf({}, async (tracing) => {
      await job(tracing, parent(1, '00'));
      await job(tracing, parent(2, '01'));
      await job(tracing, undefined);
    });
    expect(rows.map(name)).toHaveLength(6);
    expect(new Set(rows.map(traceOf)).size).toBe(3);
    expect(traceOf(rows[0] as Envelope)).toBe(parent(1, '00').split('-')[1]);
  });

  test.each(['traceidratio', 'parentbased_traceidratio'])(
    '%s keeps a share of the traces, each of them whole, whatever the parent says',
    async (sampler) => {
      const all = 200;
      const rows = await rowsOf(
        { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: '0.1' },
        async (tracing) => {
          for (let n = 0; n < all; n += 1) {
            const trace = (n * 0x9e37_79b1) % 0x1_0000_0000;
            await job(
              tracing,
              `00-${trace.toString(16).padStart(8, '0')}${'0'.repeat(16)}00000001-00000000000000aa-${n % 2 === 0 ? '00' : '01'}`,
            );
          }
        },
      );
      const kept = new Set(rows.map(traceOf)).size;
      expect(kept).toBeGreaterThan(all / 20);
      expect(kept).toBeLessThan(all / 5);
      expect(rows).toHaveLength(2 * kept);
      expect(new Set(rows.map(({ sampleRate }) => sampleRate))).toEqual(new Set([10]));
    },
  );

  test('always_off keeps none, and a share that is no share keeps all', async () => {
    expect(await rowsOf({ OTEL_TRACES_SAMPLER: 'always_off' }, (tracing) => job(tracing, undefined))).toEqual(
      [],
    );
    const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'ten' };
    expect(await rowsOf(env, (tracing) => job(tracing, undefined))).toHaveLength(2);
  });
});

describe('the row of a call', () => {
  const answers: readonly Exchange[] = [
    { kind: 'answer', status: 201, body: '', ms: 1 },
    { kind: 'answer', status: 429, body: '', ms: 1 },
    { kind: 'answer', status: 503, body: '', ms: 1 },
    { kind: 'no-answer', executed: 'unknown', failure: 'reset', ms: 1 },
    { kind: 'no-answer', executed: 'no', credential: true, failure: 'no token', ms: 1 },
    { kind: 'no-answer', executed: 'no', stale: true, failure: 'its time had passed before it left', ms: 1 },
  ];

  test('a call to Partner Center holds status, target and class; one that was held back is no checkout', async () => {
    const rows = await rowsOf({}, async (tracing) => {
      for (const answer of answers) {
        const asked: Pick<PartnerCenter, 'checkout'> = { checkout: async () => answer };
        const watched = tracedPartnerCenter(asked as PartnerCenter, tracing);
        await watched.checkout('customer', 'cart', { ids: { correlationId: 'c', requestId: 'r' } } as never);
      }
    });
    expect(
      rows.map((row) => [
        name(row),
        row.data.baseData['resultCode'],
        row.data.baseData['success'],
        properties(row)['checkout.class'],
        properties(row)['checkout.why'],
      ]),
    ).toEqual([
      ['Partner Center checkout', '201', true, 'ok', undefined],
      ['Partner Center checkout', '429', false, 'throttled', 'HTTP 429'],
      ['Partner Center checkout', '503', false, 'failed', 'HTTP 503'],
      ['Partner Center checkout', 'none', false, 'none', 'reset'],
      ['Partner Center checkout', 'no-token', false, 'no-token', 'no token'],
      [
        'held back: Partner Center checkout',
        'held-back',
        false,
        'held-back',
        'its time had passed before it left',
      ],
    ]);
    expect(rows.map(({ data }) => [data.baseData['type'], data.baseData['target']])).toEqual(
      rows.map(() => ['Http', 'Partner Center']),
    );
  });

  test('a request to a table and a send hold theirs', async () => {
    const table = {
      get: async () => undefined,
      change: async () => ({ kind: 'refused', refusal: 'changed' }),
      transact: async () => {
        throw new Unavailable('storage', 'Answer 503 ServerBusy');
      },
    } as Partial<Table> as Table;
    const rows = await rowsOf({}, async (tracing) => {
      const watched = tracedTable(table, 'Checkouts', tracing);
      await watched.get('p', 'k');
      await watched.change({ kind: 'replace', row: { partition: 'p', key: 'k', properties: {} }, etag: 'e' });
      await watched.transact([{ kind: 'remove', partition: 'p', key: 'k' }]).catch(() => undefined);
      await tracedQueue({ send: async () => undefined }, tracing).send([], 0);
      const failing = { publish: () => Promise.reject(new Unavailable('events', 'no topic')) };
      await tracedEvents(failing, tracing)
        .publish([])
        .catch(() => undefined);
    });
    expect(
      rows.map((row) => [
        name(row),
        row.data.baseData['target'],
        row.data.baseData['resultCode'],
        row.data.baseData['success'],
        properties(row)['checkout.class'],
        properties(row)['messaging.outcome'],
      ]),
    ).toEqual([
      ['Checkouts get', 'Table storage', '404', true, 'refused', undefined],
      ['Checkouts replace', 'Table storage', '412', true, 'refused', undefined],
      ['Checkouts transaction', 'Table storage', 'failed', false, 'failed', undefined],
      ['queue send', 'Service Bus', '0', true, 'ok', 'accepted'],
      ['events send', 'Service Bus', '0', false, 'failed', 'failed'],
    ]);
  });
});
