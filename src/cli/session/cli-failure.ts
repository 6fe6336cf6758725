/** What a script may branch on. */
export const exit = {
  ok: 0,
  /** It ran, and found what a person should look at: differences, failures, lines that are not valid. */
  found: 1,
  /** It was asked in a way that it cannot understand. */
  usage: 2,
  /** It could not check or do all of it: a connection, a sign-in or a right is missing, or the gate is closed. */
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
