/** An error as AMQP carries it; the official client turns the condition into its own error code. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';
  readonly condition: string;
  /** HTTP-like status for the management node. */
  readonly status: number;

  constructor(condition: string, status: number, description: string) {
    super(description);
    this.condition = condition;
    this.status = status;
  }
}

/** The client looks for these very words. */
export const entityNotFound = (address: string): AmqpError =>
  new AmqpError('amqp:not-found', 404, `The messaging entity '${address}' could not be found.`);

export const alreadyExists = (address: string): AmqpError =>
  new AmqpError(
    'com.microsoft:entity-already-exists',
    409,
    `The messaging entity '${address}' already exists.`,
  );

export const lockLost = (): AmqpError =>
  new AmqpError(
    'com.microsoft:message-lock-lost',
    410,
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  );

export const messageNotFound = (sequenceNumber: unknown): AmqpError =>
  new AmqpError(
    'com.microsoft:message-not-found',
    404,
    `There is no such message with the sequence number ${sequenceNumber}: it is of another state, or gone.`,
  );

export const notAllowed = (description: string): AmqpError =>
  new AmqpError('amqp:not-allowed', 400, description);

export const tooLarge = (size: number, limit: number): AmqpError =>
  new AmqpError(
    'amqp:link:message-size-exceeded',
    400,
    `The message (or its application properties) has ${size} bytes; at most ${limit} are allowed.`,
  );

/** A fault of our own goes to the client too: it closes nothing, and says what failed. */
export const asAmqpError = (error: unknown): AmqpError =>
  error instanceof AmqpError
    ? error
    : new AmqpError('amqp:internal-error', 500, error instanceof Error ? error.message : 'unknown failure');
