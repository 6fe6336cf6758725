/** Says in words what is wrong with a file that a person named. */
import { CommandFailure, exit } from './cli-failure.ts';

/** Codes of the file system, and what each means for whoever typed the name. */
const words: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'you may not open it',
  EPERM: 'you may not open it',
  EROFS: 'its disk is read-only',
  ENOSPC: 'its disk is full',
};

/** Runs it. A failure of the file becomes a `CommandFailure` with the file's name; every other failure stays as it is. */
export async function withFile<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? words[String(error.code)] : undefined;
    if (code === undefined) throw error;
    throw new CommandFailure(exit.usage, `${file} cannot be used: ${code}.`);
  }
}
