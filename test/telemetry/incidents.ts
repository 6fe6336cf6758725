/** What went wrong in the bad run, and when it was cured: what each alert is judged by. */
import type { Recording } from './recording.ts';
import type { TableRow } from './rows.ts';

export interface Incident {
  readonly alert: string;
  /** Dimensions that its alert must have. */
  readonly where: Readonly<Record<string, string>>;
  readonly began: number;
  readonly cured: number;
}

const minute = 60_000;

const lastedAnHour = (columns: TableRow['columns']): boolean =>
  Number((Object(columns['customDimensions']) as Readonly<Record<string, unknown>>)['pendingMs']) >
  60 * minute;

export function incidentsOf({ marks, rows }: Recording): readonly Incident[] {
  const at = (mark: string): number => {
    const time = marks[mark];
    if (time === undefined) throw new Error(`The run has no mark "${mark}".`);
    return time;
  };
  // The last of the slow orders was completed when a poll saw it.
  const polled = rows
    .filter(
      ({ table, columns }) =>
        table === 'customEvents' && columns['name'] === 'OrderFinished' && lastedAnHour(columns),
    )
    .map(({ timestamp }) => timestamp);
  return [
    { alert: 'gate-closed', where: {}, began: at('storm begins'), cured: at('storm ends') },
    {
      alert: 'batch-late',
      where: { batch: 'late' },
      began: at('late sent') + 6 * minute,
      cured: at('late closed'),
    },
    {
      alert: 'attention',
      where: { question: 'failed' },
      began: at('refused sent'),
      cured: at('refused closed'),
    },
    { alert: 'token', where: {}, began: at('tokens refused'), cured: at('tokens given') },
    {
      alert: 'attention',
      where: { question: 'rejected' },
      began: at('poison sent'),
      cured: at('poison closed'),
    },
    { alert: 'pending', where: {}, began: at('sent') + 60 * minute, cured: Math.max(...polled) },
    { alert: 'no-tick', where: {}, began: at('worker killed'), cured: at('worker started') },
  ];
}

export interface MadeIncident extends Incident {
  readonly rows: readonly TableRow[];
}

/** For what a night has no time for: the reported states of the good run, changed for a while. */
export function madeIncidents(good: Recording, hours: number): readonly MadeIncident[] {
  const states = good.rows.filter(({ columns }) => columns['name'] === 'FleetState');
  const [first] = states;
  if (first === undefined) throw new Error('The run reported no state.');
  const began = good.began + 30 * minute;
  const cured = began + 180 * minute;
  const make = (alert: string, change: Readonly<Record<string, string>>): MadeIncident => ({
    alert,
    where: {},
    began,
    cured,
    rows: Array.from({ length: hours * 60 }, (_, n) => {
      const timestamp = good.began + n * minute;
      const isBad = timestamp >= began && timestamp < cured;
      const dimensions = Object(first.columns['customDimensions']) as Record<string, string>;
      const calm = {
        ...dimensions,
        oldestJob: '',
        attention: '[]',
        late: '[]',
        gate: 'open',
        gateSince: '',
        gateCause: '',
      };
      return {
        ...first,
        timestamp,
        columns: { ...first.columns, customDimensions: { ...calm, ...(isBad ? change : {}) } },
      };
    }),
  });
  return [
    make('credential-ends', { credentialEndsAt: String(began + 10 * 24 * 60 * minute) }),
    make('gate-closed', { gate: 'closed', gateCause: 'breaker', gateSince: String(began), waits: 'true' }),
    // It waits two hours already when it is first seen.
    make('oldest-job', { oldestJob: String(began - 130 * minute) }),
  ];
}
