import type { Delivery, EventContext, Sender } from 'rhea';
import type { Source } from './entities.ts';
import { asAmqpError } from './errors.ts';
import { descriptionProperty, type Properties, reasonProperty } from './message.ts';
import type { Why } from './message-queue.ts';
import type { Operations } from './operations.ts';
import {
  accepted,
  afterProcess,
  allowedBy,
  hasAttached,
  isDraining,
  isPreSettled,
  outcomeOf,
  rejected,
  roomIn,
  settle,
} from './rhea-private.ts';
import { pairsOf, type TypedValue, types } from './typed.ts';

/** A receiver's end of a link: hands out messages as far as its credit goes, and does what it decides about each. */
export interface Consumer {
  /** Hands out one message; false when there is none, or no credit. */
  handOne(): boolean;
}

export function openConsumer(sender: Sender, source: Source, operations: Operations): Consumer {
  const destructive = isPreSettled(sender);
  operations.links += 1;
  // rhea counts credit down only when frames are written, a tick later: this count is of what was handed to it.
  let handed = 0;
  let full = false;
  /** The client gave credit before our own attach was written. */
  let early = false;

  function handOne(): boolean {
    if (!sender.is_open() || !hasAttached(sender) || handed >= allowedBy(sender)) return false;
    full = roomIn(sender) <= 0;
    if (full) return false;
    const next = source.queue.next(destructive);
    if (next === undefined) return false;
    handed += 1;
    operations.delivered += 1;
    // A format given: the bytes are sent as they are.
    sender.send(next.bytes, next.token, 0);
    return true;
  }

  function answerFlow(): void {
    early = !hasAttached(sender);
    if (early) return;
    while (handOne());
    if (!isDraining(sender)) return;
    handed = allowedBy(sender);
    sender.set_drained(true);
  }

  sender.on('sender_flow', answerFlow);
  afterProcess(sender, () => {
    if (early) answerFlow();
    else if (full) while (handOne());
  });
  const on = (event: string, act: (token: Buffer, delivery: Delivery) => void) =>
    sender.on(event, (context: EventContext) => {
      const { delivery } = context;
      if (delivery === undefined) return;
      operations.settled += 1;
      try {
        act(Buffer.from(delivery.tag), delivery);
      } catch (error) {
        const { condition, message } = asAmqpError(error);
        // In a tick of its own: rhea would merge it with the outcome before it, and both would be "accepted".
        setImmediate(() => settle(delivery, rejected(condition, message)));
        return;
      }
      settle(delivery, accepted());
    });

  on('accepted', (token) => source.queue.complete(token));
  on('released', (token) => source.queue.release(token));
  on('modified', (token, delivery) => {
    const [, undeliverable, annotations] = fieldsOf(outcomeOf(delivery));
    const properties = annotations?.value ? pairsOf(annotations) : new Map<string, TypedValue>();
    if (undeliverable !== undefined && types.unwrap(undeliverable) === true)
      source.queue.defer(token, properties);
    else source.queue.abandon(token, properties);
  });
  on('rejected', (token, delivery) => {
    const [error] = fieldsOf(outcomeOf(delivery));
    const info = fieldsOf(error)[2];
    const { why, more } = whyDead(info?.value ? pairsOf(info) : new Map());
    source.queue.deadLetter(token, why, more);
  });
  return { handOne };
}

/** The fields of a composite value (an outcome, an error), typed. */
function fieldsOf(composite: unknown): readonly (TypedValue | undefined)[] {
  if (typeof composite !== 'object' || composite === null || !('value' in composite)) return [];
  return Array.isArray(composite.value) ? (composite.value as readonly TypedValue[]) : [];
}

/** Parts the reasons from the other properties. Null entries mean "not given". */
export function whyDead(info: ReadonlyMap<string, TypedValue>): {
  readonly why: Why;
  readonly more: Properties;
} {
  const text = (name: string) => {
    const value = info.get(name);
    const plain = value === undefined ? undefined : types.unwrap(value);
    return plain === null || plain === undefined ? undefined : String(plain);
  };
  const more = new Map(info);
  for (const name of [reasonProperty, descriptionProperty]) more.delete(name);
  return { why: { reason: text(reasonProperty), description: text(descriptionProperty) }, more };
}
