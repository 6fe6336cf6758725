/** Promise: what a command prints fits the terminal, and programs get times that they can read. */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { isForPeople } from '../../local/command-line.ts';
import { watchLine } from '../../src/cli/commands/batch-command.ts';
import { credentialEnd } from '../../src/cli/commands/status-command.ts';
import { batchState } from '../../src/cli/session/batch-words.ts';
import { commandName, layOut, openOutput, typedCommand } from '../../src/cli/session/output.ts';
import { clockNote } from '../../src/cli/session/words.ts';
import { batchCounter } from '../../src/domain/batch/batch-counts.ts';

function terminal(columns: number | undefined) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: columns !== undefined, columns }) as unknown as NodeJS.WriteStream,
    text: () => text,
  };
}

test('the last column of a table is wrapped at the width of the terminal, and no other', () => {
  const rows = [
    [12, 'customerId', 'customerId must be a GUID, like 7c1f0a52'],
    [3, 'notAfter', 'the time is over'],
  ];
  expect(layOut(['line', 'field', 'reason'], rows, 44)).toEqual([
    'line  field       reason',
    '  12  customerId  customerId must be a GUID,',
    '                  like 7c1f0a52',
    '   3  notAfter    the time is over',
  ]);
  expect(layOut(['line', 'field', 'reason'], rows)).toHaveLength(3);
});

test('many rows are laid out', () => {
  const rows = Array.from({ length: 200_000 }, (_, line) => [line, 'x']);
  expect(layOut(['line', ''], rows)).toHaveLength(200_001);
});

test('a live line never wraps, and leaves nothing behind', () => {
  const stderr = terminal(80);
  const stdout = terminal(80);
  const output = openOutput(
    { stdout: stdout.stream, stderr: stderr.stream },
    { json: false, typed: commandName },
  );
  output.progress('x'.repeat(140));
  expect(stderr.text()).toBe(`\r${'x'.repeat(79)}\u001b[K`);
  output.line('done');
  expect(stderr.text().endsWith('\r\u001b[K')).toBe(true);
  expect(stdout.text()).toBe('done\n');
});

test('times in JSON are ISO 8601; counts and lengths stay numbers', () => {
  const stdout = terminal(undefined);
  const output = openOutput(
    { stdout: stdout.stream, stderr: terminal(undefined).stream },
    { json: true, typed: commandName },
  );
  output.data({
    at: 1_795_997_844_527.947,
    calls: 300,
    pauses: [{ until: 1_795_997_844_000 }],
    ms: 86_400_000_000,
  });
  expect(JSON.parse(stdout.text())).toEqual({
    at: '2026-11-30T00:17:24.527Z',
    calls: 300,
    pauses: [{ until: '2026-11-30T00:17:24.000Z' }],
    ms: 86_400_000_000,
  });
});

test('a hint has the options that lead to the same place, so that it can be pasted', () => {
  const stdout = terminal(undefined);
  const stderr = terminal(undefined);
  const typed = typedCommand({ settings: 'my night.env', websockets: true });
  const output = openOutput({ stdout: stdout.stream, stderr: stderr.stream }, { json: false, typed });
  output.line('Next: npx partner-checkout resume');
  output.note('See npx partner-checkout status');
  const command = 'npx partner-checkout --settings "my night.env" --websockets';
  expect(stdout.text()).toBe(`Next: ${command} resume\n`);
  expect(stderr.text()).toBe(`See ${command} status\n`);
  expect(typedCommand({})).toBe('npx partner-checkout');
});

test('npm run dev shows what a person must see: warnings and errors, no events', () => {
  const lines = ['{"ready":{"functions":[]}}', '{"event":"JobFinished"}', '{"warning":"x"}', 'Error: y'];
  expect(lines.filter(isForPeople)).toEqual(['{"warning":"x"}', 'Error: y']);
});

test('a fast clock and a credential without an end are told as what they are', () => {
  expect(clockNote(1)).toBe('');
  expect(clockNote(60)).toBe(' (its clock runs 60 times as fast)');
  expect(credentialEnd(12)).toBe('ends in 12 days');
  expect(credentialEnd('unknown')).toContain('only a certificate and a refresh token');
});

test('the line of a batch that is watched keeps its end on a terminal of 80 columns', () => {
  const at = new Date(2026, 10, 24, 2, 14, 5).getTime();
  const counts = { ...batchCounter().counts(undefined), completed: 4_350, ordered: 7_610, waiting: 12_040 };
  const eta = { kind: 'at' as const, at, perMinute: 240 };
  const { stream, text } = terminal(80);
  openOutput({ stdout: stream, stderr: stream }, { json: false, typed: commandName }).progress(
    watchLine({ counts, stoppedJobs: 0, eta }, at, clockNote(60)),
  );
  expect(text()).toContain('12040 open · last checkout about 02:14:05');
});

test('the list of batches does not call a batch finished whose jobs may be open again', () => {
  const finished = { total: 8, at: 0 };
  expect(batchState({ batchId: 'b', total: 8, finished }, 0)).toContain('every line had a result');
  expect(batchState({ batchId: 'b', total: 9, finished }, 0)).toBe('under way');
});
