/** `npm run check:envelope [-- --json]`: what the exporter made of the spans of the recorded runs. Ends with 1 if a goal is missed. */
import { isAsItShould, judgeEnvelopes } from './judge-envelopes.ts';
import { readRecording, runs, signatureNow } from './recording.ts';

const recordings = runs.map(readRecording);
const report = judgeEnvelopes(recordings);
const isFresh = recordings.every(({ signature }) => signature === signatureNow());
if (process.argv.includes('--json')) console.log(JSON.stringify({ ...report, isFresh }, null, 2));
else {
  console.log(
    `${report.calls} rows of calls: with status ${report.withStatus} %, target ${report.withTarget} %, class ${report.withClass} %.`,
  );
  console.log(`Held back: ${report.heldBack}, of these shown as success: ${report.heldBackAsSuccess}.`);
  console.log(
    `Jobs under an unsampled parent: ${report.jobs}, of these without a span: ${report.jobsWithoutSpan}.`,
  );
  if (!isFresh) console.log('What the worker tells has changed since: npm run record.');
}
process.exitCode = isFresh && isAsItShould(report) ? 0 : 1;
