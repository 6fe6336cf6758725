import { propertiesVersion, wakeUpBody } from './message/delivery.ts';
import type { OutgoingMessage } from './message/outgoing-message.ts';
import type { JobEntry } from './schedule-entry.ts';

/** The message that wakes the job of an entry: it says nothing but that there may be something to do. */
export const wakeUp = (
  { key, wakes }: Pick<JobEntry, 'key' | 'wakes'>,
  messageId: string,
): OutgoingMessage => ({
  messageId,
  body: new TextEncoder().encode(wakeUpBody(key, wakes + 1)),
  properties: { 'checkout-version': String(propertiesVersion) },
});
