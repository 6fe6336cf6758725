/** Leads a person through the steps, and keeps the answers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import * as z from 'zod/mini';
import { CommandFailure, exit } from '../../src/cli/session/cli-failure.ts';
import { steps } from './steps.ts';

const answersShape = z.array(
  z.object({ step: z.string(), asExpected: z.boolean(), note: z.string(), at: z.string() }),
);
type Answers = z.infer<typeof answersShape>;

interface Person {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
}

/** Returns the exit code. A step that was as expected is not asked again; any other is. `file` keeps the answers. */
export async function lead(
  file: string,
  say: (text: string) => void,
  { stdin, stdout }: Person = process,
): Promise<number> {
  const answers = readAnswers(file);
  const isDone = (title: string) => answers.some(({ step, asExpected }) => asExpected && step === title);
  const open = steps.filter(({ title }) => !isDone(title));
  if (stdin.isTTY !== true) {
    for (const step of open) show(step, say);
    say(`\nNobody can answer here: run it in a terminal. ${open.length} of ${steps.length} steps are open.`);
    return exit.cannot;
  }
  const terminal = createInterface({ input: stdin, output: stdout });
  // Ctrl-C and Ctrl-D: what was answered is kept.
  const stopped = new AbortController();
  terminal.once('close', () => stopped.abort());
  const ask = (question: string) => terminal.question(question, { signal: stopped.signal });
  try {
    for (const step of open) {
      show(step, say);
      const asExpected = await askYesOrNo(ask);
      if (!asExpected) say(`Then: ${step.otherwise}`);
      const note = await ask('Note: ');
      const others = answers.filter(({ step: title }) => title !== step.title);
      answers.splice(0, answers.length, ...others, {
        step: step.title,
        asExpected,
        note,
        at: new Date().toISOString(),
      });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`);
    }
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    say(
      `\nStopped. ${answers.length} of ${steps.length} steps are answered in ${file}; run it again to continue.`,
    );
    return exit.interrupted;
  } finally {
    terminal.close();
  }
  const other = answers.filter(({ asExpected }) => !asExpected);
  say(`\n${answers.length} of ${steps.length} steps are answered, ${other.length} not as expected: ${file}`);
  return other.length === 0 ? exit.ok : exit.found;
}

function show(step: (typeof steps)[number], say: (text: string) => void): void {
  const number = steps.indexOf(step) + 1;
  say(`\n${number} of ${steps.length}: ${step.title} (about ${step.minutes} minutes)\n${step.why}\n`);
  for (const line of step.commands) say(`  ${line}`);
  say(`\nExpected: ${step.expected}`);
}

async function askYesOrNo(ask: (question: string) => Promise<string>): Promise<boolean> {
  for (;;) {
    const answer = (await ask('As expected? [y/n, Ctrl-C stops here] ')).trim();
    if (/^y(es)?$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
  }
}

function readAnswers(file: string): Answers {
  if (!existsSync(file)) return [];
  try {
    return answersShape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new CommandFailure(
      exit.cannot,
      `${file} does not hold answers of this command. Correct it, or move it away to begin anew.`,
    );
  }
}
