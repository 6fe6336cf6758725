/** Promise: recorded does what its page says, with bad input too. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeAlerts } from './judge-alerts.ts';
import { isAsItShould, judgeEnvelopes } from './judge-envelopes.ts';
import { judgeQueries } from './judge-queries.ts';
import { readRecording, runs, signatureNow } from './recording.ts';

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
