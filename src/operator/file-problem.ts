/** Says in words what is wrong with a file that a person named. */

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

/** Undefined: the error is not one of these. */
export const fileProblem = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? words[String(error.code)] : undefined;
