import type { EventContext, Receiver } from 'rhea';
import type { Target } from './entities.ts';
import { asAmqpError, notAllowed, tooLarge } from './errors.ts';
import { readBatch, readMessage } from './message.ts';
import type { Operations } from './operations.ts';
import { maxMessageSize } from './rhea-private.ts';

/** A batch, of arrays and batch objects alike: its body is one data section for each message. */
const batchFormat = 0x80013700;

/** A sender's end of a link: takes in what it sends. */
export function openProducer(receiver: Receiver, target: Target, operations: Operations): void {
  operations.links += 1;
  receiver.on('message', (context: EventContext) => {
    const { delivery } = context;
    if (delivery === undefined) return;
    try {
      const bytes: unknown = context.message;
      if (!Buffer.isBuffer(bytes)) throw notAllowed('A message of an unknown format.');
      if (bytes.length > maxMessageSize) throw tooLarge(bytes.length, maxMessageSize);
      const contents = formatOf(context) === batchFormat ? readBatch(bytes) : [readMessage(bytes)];
      operations.sends += 1;
      operations.received += contents.length;
      for (const content of contents) target.add(content);
      delivery.accept();
    } catch (error) {
      const { condition, message } = asAmqpError(error);
      // In a tick of its own: rhea merges it with an outcome before it.
      setImmediate(() => delivery.reject({ condition, description: message }));
    }
  });
}

const formatOf = (context: EventContext): unknown => ('format' in context ? context.format : undefined);
