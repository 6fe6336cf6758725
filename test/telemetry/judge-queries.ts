/** Compares what each query of the workbook answers at the end of a run with what the ledger and the sandbox say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillIn } from '../support/kql/parameters.ts';
import { type Row, textOf, type Value } from '../support/kql/values.ts';
import type { Recording, RunName, Truth } from './recording.ts';
import { ask, asRows, type Rows } from './tables.ts';

const root = join(import.meta.dirname, '../..');
const day = 24 * 3_600_000;

export interface Compared {
  readonly query: string;
  readonly run: RunName;
  /** What is compared, in words. */
  readonly what: string;
  readonly equal: boolean;
  readonly expected: string;
  readonly found: string;
}

interface Asked {
  readonly JobKey?: string;
  readonly Find?: string;
  readonly Batch?: string;
}

export function judgeQueries(run: RunName, recording: Recording): readonly Compared[] {
  const { truth, marks, began } = recording;
  const rows: Rows = asRows(recording.rows);
  // When the worker has stopped and all of its rows have arrived.
  const now = recording.ended + 3 * 60_000;
  const answer = (query: string, asked: Asked = {}, at = now): readonly Readonly<Record<string, Value>>[] => {
    const text = readFileSync(join(root, `infra/queries/${query}.kql`), 'utf8');
    const filled = fillIn(text, { from: began, to: at, ...asked });
    return ask(filled, rows, at, 30 * day).rows.map((row: Row) => Object.fromEntries(row));
  };
  const compared: Compared[] = [];
  const compare = (query: string, what: string, expected: unknown, found: unknown): void => {
    const [one, other] = [JSON.stringify(expected), JSON.stringify(found)];
    compared.push({ query, run, what, equal: one === other, expected: one, found: other });
  };
  const column = (query: string, name: string, asked?: Asked) =>
    answer(query, asked).map((row) => textOf(row[name] ?? null));
  const holds = (query: string, what: string, isTrue: boolean, found: unknown): void =>
    compare(query, what, true, isTrue ? true : found);

  compare(
    'batches',
    'batches with their counts',
    batchesOf(truth),
    sortBy(
      answer('batches').map((row) =>
        pick(row, [
          'batch',
          'declared',
          'ended',
          'ordered',
          'completed',
          'partial',
          'failed',
          'tooLate',
          'waits',
          'pendingOrders',
        ]),
      ),
      'batch',
    ),
  );
  compare(
    'failures',
    'carts by code',
    truth.codes,
    Object.fromEntries(
      sortBy(
        answer('failures').map((row) => pick(row, ['code', 'jobs'])),
        'code',
      ).map(({ code, jobs }) => [code, jobs]),
    ),
  );
  compare(
    'outcomes',
    'jobs and rejected messages',
    [truth.jobs, truth.rejected],
    [
      sumOf(
        answer('outcomes').filter(({ outcome }) => outcome !== 'rejected'),
        'jobs',
      ),
      sumOf(
        answer('outcomes').filter(({ outcome }) => outcome === 'rejected'),
        'jobs',
      ),
    ],
  );
  compare('throughput', 'jobs', truth.jobs, sumOf(answer('throughput'), 'jobs'));
  compare('throttling', 'throttled calls', truth.throttled, sumOf(answer('throttling'), 'throttled'));
  if (run === 'good') {
    const calls = Object.values(truth.calls).reduce((sum, count) => sum + count, 0);
    compare('throttling', 'calls', calls, sumOf(answer('throttling'), 'calls'));
  }
  compare('pending-by-age', 'pending orders', truth.pendingOrders, total(answer('pending-by-age'), 'orders'));
  compare(
    'pending-orders',
    'pending orders',
    truth.pendingOrders,
    total(answer('pending-orders'), 'pending'),
  );
  compare(
    'latency',
    'parts, and jobs in each',
    [
      ['in the queue', truth.jobs],
      ['for the gate', truth.jobs],
      ['Partner Center', truth.jobs],
      ['the worker', truth.jobs],
    ],
    answer('latency').map(({ part, jobs }) => [part, jobs]),
  );
  const bytes =
    Math.round(recording.rows.reduce((sum, { columns }) => sum + Number(columns['_BilledSize']), 0) / 1e4) /
    100;
  compare(
    'telemetry-cost',
    'megabytes of envelopes',
    bytes,
    Math.round(total(answer('telemetry-cost'), 'megabytes') * 100) / 100,
  );

  const attention =
    run === 'good'
      ? {}
      : {
          failed: truth.codes['800009'] ?? 0,
          'pending-too-long': truth.batches['slow']?.states['completed'] ?? 0,
          rejected: truth.rejected,
          'too-late': truth.codes['too-late'] ?? 0,
        };
  compare(
    'attention-open',
    'the most open rows of each kind',
    attention,
    Object.fromEntries(
      sortBy(
        answer('attention-open').map(({ question, open }) => ({
          question: textOf(question ?? null),
          most: mostOf(open),
        })),
        'question',
      )
        .filter(({ most }) => Number(most) > 0)
        .map(({ question, most }) => [question, most]),
    ),
  );

  const health = new Map(answer('health').map((row) => [textOf(row['what'] ?? null), row]));
  const lastHour = run === 'good' ? truth.jobs : 8;
  const line = (what: string) => pick(health.get(what) ?? {}, ['now', 'state']);
  compare(
    'health',
    'jobs of the last hour',
    { now: String(lastHour), state: 'good' },
    line('Jobs that ended, last hour'),
  );
  compare('health', 'rows for people', { now: '0', state: 'good' }, line('Rows that wait for a person'));
  compare(
    'health',
    'carts past their deadline',
    { now: '0', state: 'good' },
    line('Carts past their deadline'),
  );
  compare('health', 'the gate', { now: 'open', state: 'good' }, line('Gate'));
  compare('health', 'the last tick', 'good', line('Last tick')['state']);
  compare('health', 'lines', 12, health.size);

  // The last tick is long ago: nothing that it said is good any more.
  const late = marks['worker started'];
  if (late !== undefined) {
    const stale = answer('health', {}, late - 5 * 60_000);
    const ofTheTick = stale.filter(
      ({ what }) => !/^(Jobs|Of these|Throttled|Calls|Tokens)/.test(textOf(what ?? null)),
    );
    compare(
      'health',
      'lines of a tick that is 25 minutes old',
      Array(7).fill('look'),
      ofTheTick.map(({ state }) => state),
    );
  }

  const closings = answer('gate').map(({ cause, closedAt, openedAt }) => ({
    cause,
    from: time(closedAt),
    to: time(openedAt),
  }));
  if (run === 'bad') {
    const refused = closings.filter(({ cause }) => cause === 'auth');
    const within = (from: number, to: number) => (one: { from: number; to: number }) =>
      one.from >= from && one.to <= to;
    holds(
      'gate',
      'closed for refused tokens, and open soon after',
      refused.some(within(marks['tokens refused'] ?? 0, (marks['tokens given'] ?? 0) + 10 * 60_000)),
      closings,
    );
    holds(
      'gate',
      'closed in the storm',
      closings.some(
        ({ cause, from }) =>
          cause === 'throttled' && from >= (marks['storm begins'] ?? 0) && from <= (marks['storm ends'] ?? 0),
      ),
      closings,
    );
    const most = Math.max(...answer('oldest-job').flatMap(({ oldestMinutes }) => mostOf(oldestMinutes)));
    const down = Math.round(((marks['worker started'] ?? 0) - (marks['worker killed'] ?? 0)) / 60_000);
    holds(
      'oldest-job',
      'the age of the jobs that waited for a worker',
      most >= down - 2 && most <= down + 15,
      most,
    );
  } else {
    holds(
      'gate',
      'open all the time but for the first token',
      closings.every(({ cause }) => cause === 'untested'),
      closings,
    );
    holds(
      'oldest-job',
      'no job waits long',
      Math.max(...answer('oldest-job').flatMap(({ oldestMinutes }) => mostOf(oldestMinutes))) < 15,
      'older',
    );
  }

  const names = answer('batch-names');
  compare(
    'batch-names',
    'all of them first',
    ['', 'All batches'],
    [names[0]?.['value'], names[0]?.['label']],
  );
  compare(
    'batch-names',
    'the batches',
    Object.keys(truth.batches).sort(),
    names
      .slice(1)
      .map(({ value }) => textOf(value ?? null))
      .sort(),
  );

  // One batch of the workbook's list.
  for (const [batch] of Object.entries(truth.batches))
    compare('batches', `alone, ${batch}`, [batch], column('batches', 'batch', { Batch: batch }));
  compare('failures', 'of a batch that is none', 0, answer('failures', { Batch: 'none such' }).length);

  const [story] = run === 'bad' ? column('failures', 'job') : jobKeys(rows);
  const wanted =
    run === 'bad'
      ? (answer('failures')
          .map(({ code, job }) => ({ code, job }))
          .find(({ code }) => code === '800009')?.job ?? '')
      : (story ?? '');
  const key = textOf(wanted);
  const steps = answer('job-story', { JobKey: key });
  compare(
    'job-story',
    'the status of its checkout',
    run === 'bad' ? ['400'] : ['201'],
    steps.filter(({ what }) => what === 'Partner Center checkout').map(({ status }) => status),
  );
  compare('job-story', 'its end', 1, steps.filter(({ what }) => what === 'JobFinished').length);
  compare('job-story', 'nothing without a job', 0, answer('job-story').length);
  const cart = key.split(':').at(-1) ?? '';
  const correlation = textOf(
    steps.find(({ what }) => what === 'Partner Center checkout')?.['correlationId'] ?? null,
  );
  compare('find-job', 'by its reference', [key], column('find-job', 'job', { Find: `PO ${cart}` }));
  compare('find-job', 'by its cart', [key], column('find-job', 'job', { Find: cart }));
  compare('find-job', 'by a correlation id', [key], column('find-job', 'job', { Find: correlation }));
  const order = orderIn(rows);
  compare('find-job', 'by an order id', [order?.job], column('find-job', 'job', { Find: order?.id ?? '' }));
  const itsStory = answer('job-story', { JobKey: order?.id ?? '' });
  compare('job-story', 'by an order id', 1, itsStory.filter(({ what }) => what === 'JobFinished').length);
  compare('find-job', 'a reference with quotes', [], column('find-job', 'job', { Find: `O'Brien "2"` }));
  compare('find-job', 'nothing without a text', [], column('find-job', 'job'));
  return compared;
}

const jobKeys = (rows: Rows): readonly string[] =>
  rows.flatMap(([, , row]) => {
    if (row.get('name') !== 'JobFinished') return [];
    const { jobKey } = Object(row.get('customDimensions')) as { readonly jobKey?: string };
    return jobKey === undefined ? [] : [jobKey];
  });

/** The first order that was pending and ended, and its job. */
function orderIn(rows: Rows) {
  for (const [, , row] of rows) {
    if (row.get('name') !== 'OrderFinished') continue;
    const { orderId, jobKey } = Object(row.get('customDimensions')) as Readonly<Record<string, string>>;
    if (orderId !== undefined && jobKey !== undefined) return { id: orderId, job: jobKey };
  }
  return undefined;
}

const batchesOf = ({ batches }: Truth) =>
  sortBy(
    Object.entries(batches).map(([batch, { declared, states, tooLate, pendingOrders }]) => {
      const { ordered = 0, completed = 0, partial = 0, failed = 0 } = states;
      const ended = ordered + completed + partial + failed;
      return {
        batch,
        declared,
        ended,
        ordered,
        completed,
        partial,
        failed,
        tooLate,
        waits: 0,
        pendingOrders,
      };
    }),
    'batch',
  );

const sortBy = <T extends Readonly<Record<string, unknown>>>(
  rows: readonly T[],
  name: keyof T,
): readonly T[] => [...rows].sort((one, other) => (String(one[name]) < String(other[name]) ? -1 : 1));
const pick = (row: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
const numbersIn = (value: Value | undefined): number[] =>
  Array.isArray(value) ? value.filter((one): one is number => typeof one === 'number') : [];
const sumOf = (rows: readonly Readonly<Record<string, Value>>[], series: string): number =>
  rows.flatMap((row) => numbersIn(row[series])).reduce((sum, one) => sum + one, 0);
const total = (rows: readonly Readonly<Record<string, Value>>[], name: string): number =>
  rows.reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
const mostOf = (series: Value | undefined): number => Math.max(0, ...numbersIn(series));
const time = (value: Value | undefined): number =>
  typeof value === 'object' && value !== null && 'at' in value ? Number(value.at) : Number.POSITIVE_INFINITY;
