import type { Socket } from 'node:net';
import rhea, {
  type Connection,
  type ConnectionOptions,
  type Container,
  type Delivery,
  type Receiver,
  type Sender,
} from 'rhea';

/**
 * Everything here leans on members of rhea that its typings do not have. `test/broker/rhea-private.test.ts` names each of
 * them, and fails when one is gone.
 */
interface PrivateConnection {
  socket: Socket;
  accept(socket: Socket): void;
  on_transfer(frame: { performative: { message_format?: number } }): void;
  _process(): void;
  _write_frame(): void;
  _disconnected(): void;
}

interface PrivateSender {
  credit: number;
  delivery_count: number;
  /** As the last flow said; undefined before it said so. */
  _draining: boolean | undefined;
  _drained: boolean;
  _get_drain(): boolean;
  _process(): void;
  local: { attach: Partial<SettleModes> };
  remote: { attach: Partial<SettleModes> };
  /** How often the link is still to write its attach. */
  state: { open_requests: number };
  session: {
    outgoing: {
      available(): number;
      transfer_window(): number;
      next_pending_delivery: number;
      next_delivery_id: number;
    };
  };
}

interface PrivateReceiver {
  local: { attach: Partial<SettleModes> };
  remote: { attach: Partial<SettleModes> };
}

interface SettleModes {
  snd_settle_mode: number;
  rcv_settle_mode: number;
}

interface PrivateDelivery {
  update(settled: boolean, state: unknown): void;
  remote_settled: boolean;
  remote_state: unknown;
}

const connectionOf = (connection: Connection): PrivateConnection =>
  connection as unknown as PrivateConnection;
const senderOf = (sender: Sender): PrivateSender => sender as unknown as PrivateSender;

/** Marks a message that rhea is to hand over as bytes: decoding and encoding it again would change its types. */
const rawFormat = 0x7fffffff;

/** Standard tier: 256 KB. Without it the client makes batches of any size. */
export const maxMessageSize = 262_144;

/** As Service Bus says it. A client that is not given one may put a message of any size into one frame, and fail. */
const maxFrameSize = 65_536;

/**
 * Signs in whoever comes, as Service Bus does: the token that counts is sent to `$cbs` later. Some clients of other languages
 * ask for MSSBCBS by name. Clients without `$cbs` send a key's name and the key by PLAIN.
 */
export function letEveryoneIn(container: Container): void {
  const mechanisms: Record<string, unknown> = container.sasl_server_mechanisms;
  for (const name of ['ANONYMOUS', 'MSSBCBS', 'EXTERNAL', 'PLAIN'])
    mechanisms[name] = () => ({
      outcome: undefined as boolean | undefined,
      start() {
        this.outcome = true;
      },
    });
}

/** Speaks AMQP on a socket that a client has opened, plain or TLS. */
export function acceptSocket(container: Container, socket: Socket): void {
  const options = {
    tcp_no_delay: true,
    max_frame_size: maxFrameSize,
    // A client that keeps a message for long keeps the places of all later ones too.
    session_buffer_size: { incoming: 2_048, outgoing: 65_536 },
    receiver_options: { autoaccept: false, credit_window: 1_000, max_message_size: maxMessageSize },
    // Otherwise every abandon and defer is first reported as released.
    sender_options: { treat_modified_as_released: false },
  };
  const connection = container.create_connection(options as unknown as ConnectionOptions);
  connectionOf(connection).accept(socket);
}

/** `gone` is called once, however the connection ends. */
export function tuneConnection(connection: Connection, gone: () => void): void {
  const inner = connectionOf(connection);
  const { socket, on_transfer: onTransfer, _process: process } = inner;
  inner.on_transfer = function (frame) {
    if (!frame.performative.message_format) frame.performative.message_format = rawFormat;
    onTransfer.call(this, frame);
  };
  // rhea writes each frame by itself: together they go in one packet.
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
  // rhea does not hear of a socket that we destroy ourselves, and its heartbeat would go on.
  socket.once('close', () => {
    inner._disconnected();
    gone();
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

/**
 * Takes the settle mode in which the client wants to send. A client that asks for "settled" gives its deliveries no tags: told
 * nothing, it would await outcomes that it cannot tell apart. The receive mode is not taken: in mode "second" rhea would leave
 * what it has accepted unsettled.
 */
export function tuneReceiver(receiver: Receiver): void {
  const { local, remote } = receiver as unknown as PrivateReceiver;
  const asked = remote.attach.snd_settle_mode;
  if (asked !== undefined) local.attach.snd_settle_mode = asked;
}

/** rhea writes the transfers of a session before the attach of a link that was opened in the same tick. */
export const hasAttached = (sender: Sender): boolean => senderOf(sender).state.open_requests === 0;

/** Calls `act` whenever the link has been looked after, also when only the window of its session changed. */
export function afterProcess(sender: Sender, act: () => void): void {
  const inner = senderOf(sender);
  const process = inner._process;
  inner._process = function () {
    process.call(this);
    act();
  };
}

/** Receive and delete: what is sent is settled. */
export const isPreSettled = (sender: Sender): boolean => senderOf(sender).local.attach.snd_settle_mode === 1;

/** How many deliveries the receiver has allowed since the link began. */
export const allowedBy = (sender: Sender): number =>
  senderOf(sender).delivery_count + senderOf(sender).credit;

/** How many more deliveries the session takes: what waits in it for the client's window is locked for nobody. */
export function roomIn(sender: Sender): number {
  const { outgoing } = senderOf(sender).session;
  const waiting = outgoing.next_delivery_id - outgoing.next_pending_delivery;
  return Math.min(outgoing.available(), outgoing.transfer_window() - waiting);
}

export const isDraining = (sender: Sender): boolean => senderOf(sender)._draining === true;

/** What the receiver decided, typed: an AMQP composite. */
export const outcomeOf = (delivery: Delivery): unknown =>
  (delivery as unknown as PrivateDelivery).remote_state;

/** Settles a delivery for good: a receiver in mode "second" never says so itself, and rhea would keep it for ever. */
export function settle(delivery: Delivery, state: unknown): void {
  const inner = delivery as unknown as PrivateDelivery;
  inner.update(true, state);
  inner.remote_settled = true;
}

/** Both ends of a link, by their addresses; one that is missing is empty. */
export const addressesOf = (link: Sender | Receiver): { source: string; target: string } => ({
  source: String(link.source?.address ?? ''),
  target: String(link.target?.address ?? ''),
});

interface Outcomes {
  accepted(): { described(): unknown };
  rejected(fields: { error: { condition: string; description: string } }): { described(): unknown };
}

const outcomes = rhea.message as unknown as Outcomes;

export const accepted = (): unknown => outcomes.accepted().described();

export const rejected = (condition: string, description: string): unknown =>
  outcomes.rejected({ error: { condition, description } }).described();
