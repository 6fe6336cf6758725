import type { Clock } from '../../src/ports/clock.ts';
import type { Timeline } from '../support/timeline.ts';
import type { BlowKind } from './blows.ts';
import type { Random } from './random.ts';

/** One worker process: its clock is off, and when it dies, what it waits for never comes. */
export interface Process {
  readonly name: string;
  readonly skew: number;
  readonly clock: Clock;
  readonly random: Random;
  isAlive(): boolean;
  /** Stands still until then: nothing reaches it, none of its locks is renewed. */
  frozenUntil(): number;
  freeze(ms: number): void;
  kill(why: string): void;
  /** Runs `action` in the process when it is not frozen; never when it is dead. */
  deliver(action: () => void): void;
}

export interface ProcessHooks {
  readonly timeline: Timeline;
  readonly onDeath: (process: Process, why: string) => void;
}

export function startProcess(name: string, skew: number, random: Random, hooks: ProcessHooks): Process {
  const { timeline } = hooks;
  let alive = true;
  let frozen = 0;
  const process: Process = {
    name,
    skew,
    random,
    clock: {
      now: () => Math.floor(timeline.now() + skew),
      sleep: (ms) =>
        ms <= 0
          ? Promise.resolve()
          : new Promise((resolve) => timeline.at(timeline.now() + ms, () => process.deliver(resolve))),
    },
    isAlive: () => alive,
    frozenUntil: () => frozen,
    freeze(ms) {
      frozen = Math.max(frozen, timeline.now() + ms);
    },
    kill(why) {
      if (!alive) return;
      alive = false;
      hooks.onDeath(process, why);
    },
    deliver(action) {
      if (!alive) return;
      if (timeline.now() >= frozen) return action();
      timeline.at(frozen, () => process.deliver(action));
    },
  };
  return process;
}

/** One request to something outside of the process that is ours: a table, the queue, the topic. */
export interface PortCall<T> {
  readonly name: string;
  readonly effect: () => Promise<T>;
  readonly failure: () => Error;
}

export interface Network {
  readonly timeline: Timeline;
  /** Counts a port call of this process and says what hits it. */
  next(process: Process, name: string): BlowKind | undefined;
  trace(process: string, text: string): void;
  /** False: nobody reads the trace, so that what is dear to say need not be said. */
  readonly traced: boolean;
  readonly latency: Random;
}

/** Makes a port call: a request that takes a moment, an effect, an answer that takes a moment, and what may hit it. */
export function portCall<T>(network: Network, process: Process, call: PortCall<T>): Promise<T> {
  const { timeline, latency } = network;
  return new Promise((resolve, reject) => {
    if (!process.isAlive()) return;
    const blow = network.next(process, call.name);
    if (!process.isAlive()) return;
    const answer = (action: () => void, ms: number) =>
      ms === 0 ? process.deliver(action) : timeline.at(timeline.now() + ms, () => process.deliver(action));
    const back = latency.happens(0.3) ? latency.between(1, 400) : 0;

    const settle = (result: T) => {
      if (blow === 'after') return process.kill(`after ${call.name}`);
      if (network.traced) network.trace(process.name, `${call.name} = ${brief(result)}${tellBlow(blow)}`);
      if (blow === 'lost') return answer(() => reject(call.failure()), back);
      answer(() => resolve(result), back);
    };
    const run = async () => {
      if (blow === 'fail') {
        network.trace(process.name, `${call.name} [fail]`);
        return answer(() => reject(call.failure()), back);
      }
      try {
        const first = await call.effect();
        settle(blow === 'echo' ? await call.effect() : first);
      } catch (error) {
        network.trace(process.name, `${call.name} threw ${String(error)}`);
        answer(() => reject(error), back);
      }
    };
    const leaves = blow === 'delay' ? process.frozenUntil() - timeline.now() : 0;
    timeline.at(timeline.now() + leaves + latency.between(1, latency.happens(0.1) ? 900 : 40), run);
  });
}

export const tellBlow = (what: string | undefined): string => (what === undefined ? '' : ` [${what}]`);

function brief(value: unknown): string {
  if (value === undefined) return 'undefined';
  const text = JSON.stringify(value, (_, field) =>
    field instanceof Uint8Array ? `${field.length} bytes` : field,
  );
  return text === undefined ? '' : text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
