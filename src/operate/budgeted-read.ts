import type { Chance } from '../chance.ts';
import { judgeRead } from '../checkout/judge.ts';
import type { Reason } from '../checkout/record.ts';
import type { Clock } from '../clock.ts';
import type { Gate } from '../gate/gate.ts';
import type { Decoded, Exchange, SendOptions } from '../partner-center/api.ts';

export interface ReadDeps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly chance: Chance;
  /** A minute of the budget, in ms. */
  readonly minuteMs: number;
  readonly signal: AbortSignal;
}

export type ReadAnswer<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** 404, or another 4xx that is about what was asked. */
  | { readonly kind: 'gone' | 'refused'; readonly reason: Reason };

/** Partner Center cannot be asked now: the gate stays closed, the sign-in is refused, or no answer comes. */
export class CannotRead extends Error {
  override readonly name = 'CannotRead';
}

/** So long a closed gate is waited for, and so many answers that tell nothing. */
const waitMinutes = 5;
const maxTries = 4;

/**
 * One read of Partner Center for a person's command, with a slot of the poller's lane: it takes nothing that the worker
 * wants, and when the night is not running it has the whole budget. A sign-in that is refused, and a network that fails, are
 * not told to the gate: they are this machine's, and the worker's may be well. Throws `CannotRead`, and `Unavailable` when the gate's row cannot be reached.
 */
export async function budgetedRead<T>(
  deps: ReadDeps,
  customerId: string,
  send: (options: SendOptions) => Promise<Exchange>,
  decode: (body: string) => Decoded<T>,
): Promise<ReadAnswer<T>> {
  const { gate, clock, chance, minuteMs } = deps;
  let renewToken = false;
  for (let tries = 1; ; tries += 1) {
    await slot(deps);
    const ids = { correlationId: chance.guid() };
    const at = clock.now();
    const outcome = judgeRead(await send({ ids, renewToken }), decode, { ids, at });
    switch (outcome.kind) {
      case 'value':
        await gate.report({ kind: 'ok', customerId });
        return { kind: 'value', value: outcome.value };
      case 'gone':
      case 'refused':
        await gate.report({ kind: 'ok', customerId });
        return { kind: outcome.kind, reason: outcome.reason };
      case 'throttled': {
        const { retryAfterMs } = outcome;
        const verdict = await gate.report({ kind: 'throttled', customerId, retryAfterMs });
        if (verdict.kind === 'customer') await sleepUntil(deps, verdict.until);
        break;
      }
      case 'intercepted':
        throw refused(outcome.reason);
      case 'renew-token':
      case 'credential':
        if (renewToken || outcome.kind === 'credential') throw refused(outcome.reason);
        renewToken = true;
        break;
      case 'unavailable':
        await sleepUntil(deps, clock.now() + (2 ** tries * minuteMs) / 60);
    }
    if (tries >= maxTries && outcome.kind !== 'renew-token') throw refused(outcome.reason);
  }
}

const refused = ({ description, code, correlationId }: Reason): CannotRead =>
  new CannotRead(
    `Partner Center could not be read: ${description} (code ${code}, MS-CorrelationId ${correlationId}).`,
  );

/** Waits for the gate as the poller does; a closed one for a few minutes. */
async function slot(deps: ReadDeps): Promise<void> {
  const { gate, clock, minuteMs } = deps;
  const giveUpAt = clock.now() + waitMinutes * minuteMs;
  for (;;) {
    if (deps.signal.aborted) throw new CannotRead('Stopped.');
    const taken = await gate.take('poller', clock.now() + minuteMs / 6);
    if (taken.kind === 'slot') return;
    if (taken.kind === 'closed' && Math.max(clock.now(), taken.until) > giveUpAt)
      throw new CannotRead(
        `The gate is closed: ${taken.reason}. Nothing is asked meanwhile. Next: checkout status`,
      );
    await sleepUntil(deps, Math.max(taken.until, clock.now() + minuteMs / 120));
  }
}

async function sleepUntil({ clock, signal }: ReadDeps, until: number): Promise<void> {
  while (clock.now() < until && !signal.aborted) await clock.sleep(Math.min(500, until - clock.now()));
}

/** Runs the work for each, a few at once; ends early when one throws, or at Ctrl-C. */
export async function forEach<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  for await (const item of items) {
    if (signal.aborted || failure !== undefined) break;
    const task: Promise<void> = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= atOnce) await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.error;
}

const atOnce = 8;
