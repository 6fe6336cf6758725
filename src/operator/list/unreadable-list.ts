/** The list as a whole cannot be read: what it is, and what to do about it. Nothing of it was used. */
export class UnreadableList extends Error {
  override readonly name = 'UnreadableList';
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

/** Why a file cannot be opened, in words; undefined: the error is none of the file system. */
export function fileProblem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return fileProblems[String(error.code)] ?? error.message;
}
