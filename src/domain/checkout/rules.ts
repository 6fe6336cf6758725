export interface Rules {
  /** Attempts that may fail before a person is asked. */
  readonly maxAttempts: number;
  /** Whether a cart that is ordered, its orders unknown, may be checked out again: both documented contracts answer without buying. */
  readonly repeatOrderedCart: boolean;
}
