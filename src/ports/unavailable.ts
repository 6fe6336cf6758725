/** The one error that every port throws while storage, queue or topic cannot be reached. */

/** Our own storage or queue did not do what it was asked, after the client's own retries. Nothing is known of the effect. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly what: 'storage' | 'queue' | 'events';

  constructor(what: 'storage' | 'queue' | 'events', message: string, cause?: unknown) {
    super(message, { cause });
    this.what = what;
  }
}
