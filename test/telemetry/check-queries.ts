/**
 * `npm run check:queries [-- --json]`: runs every query and alert rule on the telemetry of the recorded runs, and compares with the
 * ledger, the sandbox and the incidents. Ends with 1 if one of them is wrong.
 */
import { type Judged, judgeAlerts } from './judge-alerts.ts';
import { judgeQueries } from './judge-queries.ts';
import { readRecording, runs, signatureNow } from './recording.ts';

const [good, bad] = [readRecording('good'), readRecording('bad')];
const queries = runs.flatMap((run) => judgeQueries(run, run === 'good' ? good : bad));
const alerts = judgeAlerts(good, bad);
const isFresh = [good, bad].every(({ signature }) => signature === signatureNow());

const isRight = (one: Judged): boolean =>
  one.fired &&
  one.mails === 1 &&
  one.silentInGoodRun &&
  one.strays === 0 &&
  one.endedAfterMinutes !== undefined &&
  one.endedAfterMinutes >= 0;

if (process.argv.includes('--json')) {
  const byQuery = Object.groupBy(queries, ({ query }) => query);
  const summary = Object.entries(byQuery).map(([query, all = []]) => ({
    query,
    rowsEqual: all.every(({ equal }) => equal),
    compared: all.length,
    differences: all.filter(({ equal }) => !equal),
  }));
  console.log(JSON.stringify({ isFresh, queries: summary, alerts }, null, 2));
} else {
  for (const { query, run, what, equal, expected, found } of queries)
    console.log(
      `${equal ? 'equal' : 'WRONG'}  ${query} (${run}): ${what}${equal ? '' : `: expected ${expected}, found ${found}`}`,
    );
  for (const one of alerts)
    console.log(
      `${isRight(one) ? 'right' : 'WRONG'}  ${one.alert} ${JSON.stringify(one.where)}${one.made ? ' (made rows)' : ''}: fired ${one.fired} after ${one.firedAfterMinutes} min, ended ${one.endedAfterMinutes} min after the cure, mails ${one.mails}, silent in the good run ${one.silentInGoodRun}, strays ${one.strays}`,
    );
  if (!isFresh) console.log('What the worker tells has changed since: npm run record.');
}
process.exitCode = isFresh && queries.every(({ equal }) => equal) && alerts.every(isRight) ? 0 : 1;
