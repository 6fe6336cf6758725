/** `npm run trace`: which files and functions a job passes, by folder. */
import { parseArgs } from 'node:util';
import { type Trace, traceHappy } from './happy.ts';

const usage = `npm run trace -- happy      files and functions that one happy job passes, by folder
  --json                    as JSON; docs/data/trace-happy.json holds it`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help || positionals.join(' ') !== 'happy') {
  (values.help ? process.stdout : process.stderr).write(`${usage}\n`);
  process.exitCode = values.help ? 0 : 2;
} else {
  const trace = await traceHappy();
  process.stdout.write(values.json ? `${JSON.stringify(trace, null, 2)}\n` : inWords(trace));
  // The fleet in memory has a timer that never ends.
  process.exit();
}

function inWords({ core, all, byFolder }: Trace): string {
  const lines = Object.entries(byFolder).flatMap(([folder, { files, functions, ran }]) => [
    `${folder}: ${files} files, ${functions} functions`,
    ...Object.entries(ran).map(([file, names]) => `  ${file}: ${names.join(', ')}`),
  ]);
  return `src/checkout and src/domain: ${core.files} files, ${core.functions} functions
all of src: ${all.files} files, ${all.functions} functions

${lines.join('\n')}
`;
}
