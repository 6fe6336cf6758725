import rhea, { type EventContext, type Receiver, type Sender } from 'rhea';
import { types } from './typed.ts';

export type Request = ReturnType<typeof rhea.message.decode>;

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
    const request = rhea.message.decode(bytes);
    const { properties, body } = answer(request);
    replierOf(String(request['reply_to'] ?? ''))?.send({
      ...(request['message_id'] === undefined ? {} : { correlation_id: request['message_id'] }),
      application_properties: { ...properties },
      body: body ?? null,
    });
  });
}

/** `$cbs` spells its status in kebab case, the management nodes in camel case. Every token is as good as another here. */
export const answerCbs = (isRefused: boolean): Reply => ({
  properties: isRefused
    ? { 'status-code': types.wrap_int(401), 'status-description': 'InvalidSignature: The token is refused.' }
    : { 'status-code': types.wrap_int(202), 'status-description': 'Accepted' },
});
