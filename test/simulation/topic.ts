import type { CheckoutEvent } from '../../src/domain/events/event.ts';
import type { Events } from '../../src/ports/events.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { type Network, type Process, portCall } from './process.ts';

/** The topic as one process sees it: it keeps every event that reached it, repeats too. */
export function topicOver(
  network: Network,
  process: Process,
  keep: (events: readonly CheckoutEvent[]) => void,
): Events {
  return {
    publish: (events) =>
      portCall(network, process, {
        name: 'events.publish',
        effect: async () => {
          keep(events);
          network.trace(process.name, `events ${events.map(({ id }) => id).join(' ')}`);
        },
        failure: () => new Unavailable('events', 'publish failed'),
      }),
  };
}
