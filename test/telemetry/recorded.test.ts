/** Promise: recorded does what its page says, with bad input too. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fillIn } from '../support/kql/parameters.ts';
import { judgeAlerts } from './judge-alerts.ts';
import { isAsItShould, judgeEnvelopes } from './judge-envelopes.ts';
import { judgeQueries } from './judge-queries.ts';
import { readRecording, runs, signatureNow } from './recording.ts';
import { ask, asRows } from './tables.ts';

const recordings = { good: readRecording('good'), bad: readRecording('bad') };

test('nothing that the worker tells, and no version of the exporter, has changed since the runs were recorded: else `npm run record`', () => {
  for (const run of runs) expect(recordings[run].signature).toBe(signatureNow());
});

test('the recorded runs are small', () => {
  const sizes = runs.map((run) => statSync(join(import.meta.dirname, `recorded/${run}.json.br`)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2 * 1024 * 1024);
});

test('each row of a call holds status, target and class; held-back calls are no successes; no job is without a span', () => {
  const report = judgeEnvelopes(Object.values(recordings));
  expect(isAsItShould(report), JSON.stringify(report)).toBe(true);
});

test.each(['find-job', 'job-story'])(
  '%s: orders that were complete at once are found, each by its whole id',
  (query) => {
    const text = readFileSync(join(import.meta.dirname, `../../infra/queries/${query}.kql`), 'utf8');
    const customDimensions = { jobKey: 'a:cart:b', orderIds: 'SzSPoe2sXjTp,NcXmzT7LpZqk' };
    const columns = { ...recordings.good.rows[0]?.columns, name: 'JobFinished', customDimensions };
    const now = Date.UTC(2026, 10, 30);
    const made = asRows([{ table: 'customEvents', timestamp: now - 3_600_000, columns }]);
    const found = (id: string) =>
      ask(fillIn(text, { from: 0, to: now, Find: id, JobKey: id }), made, now, 86_400_000).rows.length;
    expect([found('SzSPoe2sXjTp'), found('NCXMZT7LPZQK'), found('NcXmzT7LpZq')]).toEqual([1, 1, 0]);
  },
);

test('no metric repeats what every row says of its process: it would be a third of the metric rows', () => {
  for (const run of runs)
    expect(recordings[run].rows.filter(({ columns }) => columns['name'] === '_OTELRESOURCE_')).toEqual([]);
});

describe.each(runs)('the %s run', (run) => {
  const compared = judgeQueries(run, recordings[run]);
  test.each(compared)('$query: $what', ({ expected, found }) => {
    expect(found).toBe(expected);
  });
});

describe('alerts', () => {
  test.each(judgeAlerts(recordings.good, recordings.bad))(
    '$alert $where: one mail, then silence once it is cured',
    ({ fired, mails, silentInGoodRun, strays, endedAfterMinutes }) => {
      expect({ fired, mails, silentInGoodRun, strays }).toEqual({
        fired: true,
        mails: 1,
        silentInGoodRun: true,
        strays: 0,
      });
      expect(endedAfterMinutes).toBeGreaterThanOrEqual(0);
      // Three evaluations without a row, a quarter of an hour apart, or two of an hourly rule, and the time of the rows on their way.
      expect(endedAfterMinutes).toBeLessThanOrEqual(125);
    },
  );
});
