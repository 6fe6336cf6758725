import type { Socket } from 'node:net';
import rhea, { type Connection, type Delivery, type Receiver, type Sender } from 'rhea';

/**
 * Everything here leans on members of rhea that its typings do not have. `test/broker/rhea-private.test.ts` names each of
 * them, and fails when one is gone.
 */
interface PrivateConnection {
  socket: Socket;
  on_transfer(frame: { performative: { message_format?: number } }): void;
  _process(): void;
  _write_frame(): void;
}

interface PrivateSender {
  credit: number;
  delivery_count: number;
  _draining: boolean;
  _drained: boolean;
  _get_drain(): boolean;
  local: { attach: { snd_settle_mode?: number; rcv_settle_mode?: number } };
  remote: { attach: { snd_settle_mode?: number; rcv_settle_mode?: number } };
  session: { outgoing: { available(): number } };
}

const connectionOf = (connection: Connection): PrivateConnection =>
  connection as unknown as PrivateConnection;
const senderOf = (sender: Sender): PrivateSender => sender as unknown as PrivateSender;

/** Marks a message that rhea is to hand over as bytes: decoding and encoding it again would change its types. */
export const rawFormat = 0x7fffffff;

export function tuneConnection(connection: Connection): void {
  const inner = connectionOf(connection);
  const onTransfer = inner.on_transfer;
  inner.on_transfer = function (frame) {
    if (!frame.performative.message_format) frame.performative.message_format = rawFormat;
    onTransfer.call(this, frame);
  };
  const { socket } = inner;
  // rhea writes each frame by itself: together they go in one packet.
  const process = inner._process;
  inner._process = function () {
    socket.cork();
    process.call(this);
    socket.uncork();
  };
  // The client leaves Nagle's algorithm on: without an answer to its first packet, it holds the next back for 40 ms.
  socket.on('data', () => {
    const before = socket.bytesWritten + socket.writableLength;
    setImmediate(() => {
      const idle = socket.bytesWritten + socket.writableLength === before;
      if (idle && !socket.destroyed && connection.is_open()) inner._write_frame();
    });
  });
}

export const socketOf = (connection: Connection): Socket => connectionOf(connection).socket;

/** Takes the settle modes that the receiver asks for, and answers every drain, one without credit too. */
export function tuneSender(sender: Sender): void {
  const inner = senderOf(sender);
  for (const mode of ['snd_settle_mode', 'rcv_settle_mode'] as const) {
    const asked = inner.remote.attach[mode];
    if (asked !== undefined) inner.local.attach[mode] = asked;
  }
  inner._get_drain = function () {
    if (!this._draining || !this._drained) return false;
    this.delivery_count += Math.max(0, this.credit);
    this.credit = 0;
    return true;
  };
}

export const isPreSettled = (sender: Sender): boolean => senderOf(sender).local.attach.snd_settle_mode === 1;

/** How many deliveries the receiver has allowed since the link began. */
export const allowedBy = (sender: Sender): number =>
  senderOf(sender).delivery_count + senderOf(sender).credit;

export const roomIn = (sender: Sender): number => senderOf(sender).session.outgoing.available();

export const isDraining = (sender: Sender): boolean => senderOf(sender)._draining;

/** Settles a delivery for good: a receiver in mode "second" never says so itself, and rhea would keep it for ever. */
export function settle(delivery: Delivery, state: unknown): void {
  const inner = delivery as unknown as {
    update(settled: boolean, state: unknown): void;
    remote_settled: boolean;
  };
  inner.update(true, state);
  inner.remote_settled = true;
}

/** A link that client and broker attach under one name; both of its ends, by their addresses. */
export const addressesOf = (link: Sender | Receiver): { source: string; target: string; name: string } => ({
  source: String(link.source?.address ?? ''),
  target: String(link.target?.address ?? ''),
  name: link.name,
});

interface Outcomes {
  accepted(): { described(): unknown };
  rejected(fields: { error: { condition: string; description: string } }): { described(): unknown };
}

const outcomes = rhea.message as unknown as Outcomes;

export const accepted = (): unknown => outcomes.accepted().described();

export const rejected = (condition: string, description: string): unknown =>
  outcomes.rejected({ error: { condition, description } }).described();
