import type { Times } from '../times.ts';
import type { CheckoutRecord } from './record.ts';

type Sent = Pick<CheckoutRecord, 'lastSend'>;
type Leaving = Pick<Times, 'lease' | 'callTimeout'>;

/**
 * When the last call for this record has left, if it ever did. The last send is written with the claim, and the call may wait for
 * its slot for as long as the claim still covers all of it.
 */
const leftBy = ({ lastSend }: Sent, { lease, callTimeout }: Leaving): number =>
  // guard: Window: it begins when the call may have left last [replace: lastSend]
  lastSend + lease - callTimeout;

/** From then on no call of ours can be running at Partner Center. */
export const windowEnd = (record: Sent, times: Leaving & Pick<Times, 'window'>): number =>
  leftBy(record, times) + times.window;

/** From then on the order list shows what the last call made. */
export const quietEnd = (record: Sent, times: Leaving & Pick<Times, 'quiet'>): number =>
  leftBy(record, times) + times.quiet;
