import rhea, { type EventContext, type Receiver, type Sender } from 'rhea';
import { bodyPairs, type TypedValue, types } from './typed.ts';

export interface Request {
  readonly message: ReturnType<typeof rhea.message.decode>;
  /** The entries of its body, with their types: decoded, a long and an int are the same. */
  readonly typedBody: ReadonlyMap<string, TypedValue>;
}

/** An answer of a request node: its body, and how its status is spelled. */
export interface Reply {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** A node that answers requests: `$cbs`, `$management`. The client opens a link each way in one session. */
export function openRequestNode(
  receiver: Receiver,
  replierOf: (replyTo: string) => Sender | undefined,
  answer: (request: Request) => Reply,
): void {
  receiver.on('message', (context: EventContext) => {
    const { delivery } = context;
    const bytes: unknown = context.message;
    if (delivery === undefined || !Buffer.isBuffer(bytes)) return;
    delivery.accept();
    const message = rhea.message.decode(bytes);
    const { properties, body } = answer({ message, typedBody: bodyPairs(bytes) });
    const reply = {
      ...(message['message_id'] === undefined ? {} : { correlation_id: message['message_id'] }),
      application_properties: { ...properties },
      body: body ?? null,
    };
    // In one tick, rhea would write the answer before the request's outcome. Some clients have forgotten the request by then.
    setImmediate(() => replierOf(String(message['reply_to'] ?? ''))?.send(reply));
  });
}

/** `$cbs` spells its status in kebab case, the management nodes in camel case. Every token is as good as another here. */
export const answerCbs = (isRefused: boolean): Reply => ({
  properties: isRefused
    ? { 'status-code': types.wrap_int(401), 'status-description': 'InvalidSignature: The token is refused.' }
    : { 'status-code': types.wrap_int(202), 'status-description': 'Accepted' },
});
