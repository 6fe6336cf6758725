import type { Connection, Receiver, Sender, Session } from 'rhea';
import { type Consumer, openConsumer } from './consumer.ts';
import { type EntityMap, normalized } from './entities.ts';
import { entityNotFound, notAllowed } from './errors.ts';
import { answerManagement } from './management.ts';
import type { Operations } from './operations.ts';
import { openProducer } from './producer.ts';
import { answerCbs, openRequestNode } from './request-node.ts';
import { addressesOf, tuneReceiver, tuneSender } from './rhea-private.ts';

/** The links that clients have open. Opening one throws `AmqpError` when it is to be refused. */
export interface Links {
  openSource(sender: Sender): void;
  openTarget(receiver: Receiver): void;
  /** Messages of this entity may be ready: hands them out in turn, once for all that came in this tick. */
  stir(address: string): void;
  /** The end of a link, or of a session or connection with all its links: rhea does not tell of each of these. */
  ended(part: { link: Sender | Receiver } | { session: Session } | { connection: Connection }): void;
  /** Ends the links to entities that are gone. */
  detach(addresses: readonly string[]): void;
  /** The connections that have a link to this entity. */
  connectionsOf(address: string): ReadonlySet<Connection>;
}

interface OpenLink {
  readonly link: Sender | Receiver;
  /** Of the entity, also when it is a link to its management node; `$cbs` is none. */
  readonly address: string;
  /** When it hands out messages. */
  readonly consumer?: Consumer;
  /** When it carries the answers of a request node. */
  readonly replier?: Sender;
}

const managementNode = /\/\$management$/;

export function createLinks(
  entities: () => EntityMap,
  operations: Operations,
  refusesTokens: () => boolean,
): Links {
  const open = new Map<Sender | Receiver, OpenLink>();
  const consumers = new Map<string, Set<Consumer>>();
  const stirred = new Set<string>();

  function add(entry: OpenLink): void {
    open.set(entry.link, entry);
    if (entry.consumer === undefined) return;
    const others = consumers.get(entry.address) ?? new Set();
    consumers.set(entry.address, others.add(entry.consumer));
  }

  function remove({ link, address, consumer }: OpenLink): void {
    open.delete(link);
    if (consumer !== undefined) consumers.get(address)?.delete(consumer);
  }

  function handOut(address: string): void {
    stirred.delete(address);
    const waiting = consumers.get(address) ?? [];
    let handed = true;
    while (handed) {
      handed = false;
      for (const consumer of waiting) handed = consumer.handOne() || handed;
    }
  }

  /** By target address, else by link name, else the only one of the session: clients name it in each of these ways. */
  function replierOf(session: Session, replyTo: string): Sender | undefined {
    const mine = [...open.values()].flatMap(({ replier }) => (replier?.session === session ? [replier] : []));
    return (
      mine.find((sender) => addressesOf(sender).target === replyTo) ??
      mine.find((sender) => sender.name === replyTo) ??
      (mine.length === 1 ? mine[0] : undefined)
    );
  }

  return {
    openSource(sender) {
      const { source, target } = addressesOf(sender);
      const node = normalized(source);
      tuneSender(sender);
      if (node === '$cbs') add({ link: sender, address: '', replier: sender });
      else if (managementNode.test(node)) {
        const address = entities().known(node.replace(managementNode, ''));
        add({ link: sender, address, replier: sender });
      } else {
        if (asksForSession(sender))
          throw notAllowed('Sessions are not supported by this broker: open a receiver without a session.');
        const entity = entities().source(source);
        const { address } = entity;
        add({ link: sender, address, consumer: openConsumer(sender, entity, operations) });
      }
      sender.set_source({ address: source });
      sender.set_target({ address: target });
    },

    openTarget(receiver) {
      const { source, target } = addressesOf(receiver);
      const node = normalized(target);
      tuneReceiver(receiver);
      const answerBy = (replyTo: string) => replierOf(receiver.session, replyTo);
      if (node === '$cbs') {
        openRequestNode(receiver, answerBy, () => answerCbs(refusesTokens()));
        add({ link: receiver, address: '' });
      } else if (managementNode.test(node)) {
        const address = entities().known(node.replace(managementNode, ''));
        openRequestNode(receiver, answerBy, (request) =>
          answerManagement(entities(), address, operations, request),
        );
        add({ link: receiver, address });
      } else {
        const entity = entities().target(target);
        openProducer(receiver, entity, operations);
        add({ link: receiver, address: entity.address });
      }
      receiver.set_source({ address: source });
      receiver.set_target({ address: target });
    },

    stir(address) {
      if (stirred.has(address)) return;
      stirred.add(address);
      queueMicrotask(() => handOut(address));
    },

    ended(part) {
      for (const entry of [...open.values()]) {
        const { link } = entry;
        if ('link' in part && link !== part.link) continue;
        if ('session' in part && link.session !== part.session) continue;
        if ('connection' in part && link.connection !== part.connection) continue;
        remove(entry);
      }
    },

    detach(addresses) {
      for (const entry of [...open.values()]) {
        if (!addresses.includes(entry.address)) continue;
        remove(entry);
        const { condition, message } = entityNotFound(entry.address);
        entry.link.close({ condition, description: message });
      }
    },

    connectionsOf(address) {
      const linked = [...open.values()].filter((entry) => entry.address === address);
      return new Set(linked.map(({ link }) => link.connection));
    },
  };
}

/** A session receiver asks by a filter; one for "the next free session" has no value in it. */
function asksForSession(sender: Sender): boolean {
  const filter: unknown = sender.source?.filter;
  return typeof filter === 'object' && filter !== null && 'com.microsoft:session-filter' in filter;
}
