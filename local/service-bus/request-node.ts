import rhea, { type EventContext, type Receiver, type Sender, type Session } from 'rhea';
import { addressesOf } from './rhea-private.ts';

export type Request = ReturnType<typeof rhea.message.decode>;

/** An answer of a request node: its body, and how its status is spelled. */
export interface Reply {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** A node that answers requests: `$cbs`, `$management`. The client opens a link each way in one session. */
export function openRequestNode(
  receiver: Receiver,
  repliers: ReadonlySet<Sender>,
  answer: (request: Request) => Reply,
): void {
  receiver.on('message', (context: EventContext) => {
    const { delivery } = context;
    const bytes: unknown = context.message;
    if (delivery === undefined || !Buffer.isBuffer(bytes)) return;
    delivery.accept();
    const request = rhea.message.decode(bytes);
    const replier = findReplier(receiver.session, repliers, String(request['reply_to'] ?? ''));
    const { properties, body } = answer(request);
    replier?.send({
      ...(request['message_id'] === undefined ? {} : { correlation_id: request['message_id'] }),
      application_properties: { ...properties },
      body: body ?? null,
    });
  });
}

/** By target address, else by link name, else the only one of the session: clients name it in each of these ways. */
function findReplier(session: Session, repliers: ReadonlySet<Sender>, replyTo: string): Sender | undefined {
  const mine = [...repliers].filter((sender) => sender.session === session && sender.is_open());
  return (
    mine.find((sender) => addressesOf(sender).target === replyTo) ??
    mine.find((sender) => sender.name === replyTo) ??
    (mine.length === 1 ? mine[0] : undefined)
  );
}
