/** What a script may branch on. */
export const exit = {
  ok: 0,
  /** It ran, and found what a person should look at: differences, failures, lines that are not valid. */
  found: 1,
  /** It was asked in a way that it cannot understand. */
  usage: 2,
  /** What it needs is not there: a connection, a sign-in, a right. */
  cannot: 3,
  /** Ctrl-C, as shells say it; the command says how to go on. */
  interrupted: 130,
} as const;

/** Ends a command: the message is for a person, and says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
