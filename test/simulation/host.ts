import type { Deps } from '../../src/checkout/deps.ts';
import { handleDelivery } from '../../src/checkout/handle-delivery.ts';
import type { QueueMessage } from '../../src/domain/message/queue-message.ts';
import { tickStarter, workTick } from '../../src/polling/tick.ts';
import type { TickDeps } from '../../src/polling/tick-deps.ts';
import type { RecordPosition } from '../../src/ports/ledger-scan.ts';
import { Unavailable } from '../../src/ports/unavailable.ts';
import { InjectedBug, watchDelivery } from './delivery-watch.ts';
import { depsOf } from './deps.ts';
import { type Process, portCall, startProcess } from './process.ts';
import type { Locked } from './queue.ts';
import type { World } from './world.ts';

/** The Functions host of one process: hands messages to the worker, and runs the timer. */
interface Host {
  readonly process: Process;
  readonly deps: TickDeps & Deps;
  readonly startTick: (startedAt: number) => Promise<boolean>;
  repairedTo: RecordPosition | undefined;
  readonly polls: boolean;
  running: number;
  ticking: boolean;
  timerAt: number | undefined;
}

const minute = 60_000;

/** Keeps the wanted number of processes alive, and hands out the messages. */
export interface Fleet {
  /** Runs and ticks that live processes have under way. */
  busy(): number;
}

export function startFleet(world: World): Fleet {
  const { setup, timeline, broker, random } = world;
  const hosts = new Set<Host>();
  let started = 0;
  let dispatching = false;

  function start(polls: boolean): void {
    started += 1;
    const process = startProcess(
      `${polls ? 'poller' : 'worker'}${started}`,
      started === 1 && setup.ahead !== undefined ? setup.ahead : random.between(-15_000, 15_000),
      random.fork(),
      {
        timeline,
        onDeath(dead, why) {
          world.trace(dead.name, `DEAD: ${why}`);
          hosts.delete(host);
          timeline.at(timeline.now() + random.between(2_000, 40_000), () => start(polls));
        },
      },
    );
    const deps = depsOf(world, process);
    const host: Host = {
      process,
      deps,
      startTick: tickStarter(deps),
      repairedTo: undefined,
      polls,
      running: 0,
      ticking: false,
      timerAt: undefined,
    };
    hosts.add(host);
    world.trace(process.name, `starts, its clock is ${Math.round(process.skew)} ms off`);
    dispatch();
    if (polls) setTimer(host);
  }

  /** Some host, not always the same one, takes what is there. */
  function dispatch(): void {
    if (dispatching) return;
    dispatching = true;
    timeline.at(timeline.now() + random.between(1, 60), () => {
      dispatching = false;
      const ready = [...hosts];
      const first = random.below(ready.length);
      for (const [index] of ready.entries()) {
        const host = ready[(first + index) % ready.length];
        if (host !== undefined) take(host);
      }
    });
  }

  function take(host: Host): void {
    const { process } = host;
    const notBefore = world.isOut('queue') ? timeline.now() + minute : process.frozenUntil();
    if (notBefore > timeline.now()) {
      timeline.at(notBefore, dispatch);
      return;
    }
    if (host.running >= setup.permits || !process.isAlive()) return;
    const locked = broker.receive(process);
    if (locked === undefined) return;
    host.running += 1;
    void work(host, locked).then(() => {
      host.running -= 1;
      dispatch();
    });
    dispatch();
  }

  async function work({ process, deps, startTick }: Host, locked: Locked): Promise<void> {
    const message = setup.newer === undefined ? locked.message : asVersioned(world, locked.message);
    const startedAt = process.clock.now();
    world.trace(
      process.name,
      `receives ${describe(message)} (${message.sequenceNumber}, delivery ${message.deliveryCount})`,
    );
    const settle = (name: string, effect: () => void) =>
      portCall(world, process, {
        name: `queue.${name}`,
        effect: async () => effect(),
        failure: () => new Unavailable('queue', `${name} failed`),
      }).catch(() => locked.letGo());
    const watched = watchDelivery(world, process, deps, message);
    try {
      watched.completed(await handleDelivery(watched.deps, message));
    } catch (error) {
      const isKnown = error instanceof Unavailable || error instanceof InjectedBug;
      if (!isKnown) world.violated(`bug: handleDelivery threw ${told(error)}`);
      watched.threw(error);
      return settle('abandon', () => locked.abandon());
    }
    if (setup.deadTimer === true) await startTick(startedAt);
    return settle('complete', () => {
      world.trace(process.name, locked.complete() ? 'completed' : 'complete: the lock was lost');
    });
  }

  /** The timer, once a minute; a minute in which nothing can be due is passed over, for speed. */
  function setTimer(host: Host): void {
    if (!host.process.isAlive()) return;
    if (setup.deadTimer === true && !world.isCalm()) return;
    const rows = world.tables.schedule.all();
    if (rows.length === 0 && world.removed.size === 0) return;
    const due =
      world.removed.size > 0
        ? 0
        : Math.min(...rows.map(({ properties }) => Number(properties['dueAt'] ?? 0))) - host.process.skew;
    const at = Math.max(timeline.now() + random.between(0.2, 1) * minute, due + random.between(0, minute));
    // One that is set already comes early enough; one that is set for later is passed over when it comes.
    if (host.timerAt !== undefined && host.timerAt <= at + minute) return;
    host.timerAt = at;
    timeline.at(at, () => {
      if (host.timerAt !== at) return;
      host.timerAt = undefined;
      host.process.deliver(() => void tick(host));
    });
  }

  async function tick(host: Host): Promise<void> {
    if (host.ticking) return;
    host.ticking = true;
    try {
      const { report, repairedTo } = await workTick(host.deps, host.repairedTo);
      host.repairedTo = repairedTo;
      world.trace(host.process.name, `tick ${JSON.stringify(report)}`);
    } catch (error) {
      world.violated(`bug: workTick threw ${told(error)}`);
    }
    host.ticking = false;
    setTimer(host);
  }

  // A timer that was dead fires again.
  if (setup.deadTimer === true) timeline.at(world.time(setup.calmAfter), () => world.onDueEntries());
  world.onVisible = dispatch;
  world.onDueEntries = () => {
    for (const host of hosts) if (host.polls) setTimer(host);
  };
  for (let index = 0; index < setup.processes; index++) start(index < setup.pollers);

  return {
    busy: () => [...hosts].reduce((sum, host) => sum + host.running + (host.ticking ? 1 : 0), 0),
  };
}

/** While a newer version runs beside, some messages bear its mark; an old mark goes when that is over. */
function asVersioned({ setup, timeline, time }: World, message: QueueMessage): QueueMessage {
  const { from = 0, to = 0, share = 0 } = setup.newer ?? {};
  const now = timeline.now();
  const isBeside = now >= time(from) && now < time(to) && Number(message.sequenceNumber) % 100 < share * 100;
  return { ...message, properties: { ...message.properties, 'checkout-version': isBeside ? '2' : '1' } };
}

const told = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ') : String(error);

function describe(message: QueueMessage): string {
  const properties = Object.entries(message.properties).map(([name, value]) => `${name}=${String(value)}`);
  return `${new TextDecoder().decode(message.body)} ${properties.join(' ')}`;
}
