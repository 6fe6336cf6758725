/** Leaves out the spans that nobody reads: requests to table storage that were quick and went well. */

import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { storageTarget } from './traced.ts';

/** Storage answers within tens of ms. A request that takes longer explains why a job was slow. */
const slowMs = 250;

/**
 * Passes on every span but the quick requests to table storage that did not fail. These are more than half of the bytes of a job. A
 * refusal, such as a row that is not there, is an ordinary answer.
 */
export function withoutQuickStorage(next: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, parent) => next.onStart(span, parent),
    onEnd(span) {
      if (!isQuickStorage(span)) next.onEnd(span);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** No other span is inside one of these, so none loses its parent. */
function isQuickStorage({ attributes, duration: [seconds, nanos] }: ReadableSpan): boolean {
  return (
    attributes['peer.service'] === storageTarget &&
    attributes['checkout.class'] !== 'failed' &&
    seconds * 1_000 + nanos / 1e6 < slowMs
  );
}
