/** What the rows of calls hold, in recorded runs whose producers all say "not sampled". */
import type { Recording } from './recording.ts';
import type { TableRow } from './rows.ts';

export interface EnvelopeReport {
  /** Rows of calls to another service. */
  readonly calls: number;
  /** Shares of them, in percent. */
  readonly withStatus: number;
  readonly withTarget: number;
  readonly withClass: number;
  readonly heldBack: number;
  /** Goal 0. */
  readonly heldBackAsSuccess: number;
  /** Deliveries that told of a job, and of these, those without a span. Goal 0. */
  readonly jobs: number;
  readonly jobsWithoutSpan: number;
}

const dimension = ({ columns }: TableRow, name: string): string =>
  String((Object(columns['customDimensions']) as Readonly<Record<string, unknown>>)[name] ?? '');

export function judgeEnvelopes(recordings: readonly Recording[]): EnvelopeReport {
  const rows = recordings.flatMap((one) => one.rows);
  const spans = rows.filter(({ table }) => table === 'dependencies');
  // Work of the worker itself is no call.
  const calls = spans.filter(
    ({ columns }) => columns['type'] !== 'InProc' && columns['type'] !== 'Dependency',
  );
  const share = (holds: (row: TableRow) => boolean): number =>
    calls.length === 0 ? 0 : (100 * calls.filter(holds).length) / calls.length;
  const held = calls.filter((row) => dimension(row, 'checkout.class') === 'held-back');
  const traced = new Set(
    spans
      .filter(({ columns }) => columns['name'] === 'checkout job')
      .map(({ columns }) => columns['operation_Id']),
  );
  const told = rows.filter(
    ({ table, columns }) =>
      table === 'customEvents' && (columns['name'] === 'JobFinished' || columns['name'] === 'JobRescheduled'),
  );
  return {
    calls: calls.length,
    withStatus: share(
      (row) => row.columns['resultCode'] !== '0' || dimension(row, 'messaging.outcome') !== '',
    ),
    withTarget: share(({ columns }) => columns['target'] !== ''),
    withClass: share((row) => dimension(row, 'checkout.class') !== ''),
    heldBack: held.length,
    heldBackAsSuccess: held.filter(({ columns }) => columns['success'] === 'True').length,
    jobs: told.length,
    jobsWithoutSpan: told.filter(({ columns }) => !traced.has(columns['operation_Id'])).length,
  };
}

export const isAsItShould = (report: EnvelopeReport): boolean =>
  report.calls > 0 &&
  report.withStatus === 100 &&
  report.withTarget === 100 &&
  report.withClass === 100 &&
  report.heldBackAsSuccess === 0 &&
  report.jobs > 0 &&
  report.jobsWithoutSpan === 0;
