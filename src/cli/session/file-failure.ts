/** Turns a failure of a file that a person named into a sentence. */
import { fileProblem } from '../../operator/file-problem.ts';
import { CommandFailure, exit } from './cli-failure.ts';

/** Runs it. A failure of the file becomes a `CommandFailure` with the file's name; every other failure stays as it is. */
export async function withFile<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const problem = fileProblem(error);
    if (problem === undefined) throw error;
    throw new CommandFailure(exit.usage, `${file} cannot be used: ${problem}.`);
  }
}
