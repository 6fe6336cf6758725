/** One read of Partner Center for a command, within the shared budget. */
import type { Decoded, Exchange } from '../../domain/answer/exchange.ts';
import { judgeRead } from '../../domain/checkout/call-outcome.ts';
import type { Reason } from '../../domain/checkout/record.ts';
import { isStale } from '../../domain/checkout/send-fence.ts';
import type { Permit } from '../../domain/gate/permit.ts';
import { withoutDot } from '../../domain/sentence.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Gate } from '../../ports/gate.ts';
import type { SendOptions, Tokens } from '../../ports/partner-center.ts';
import type { Random } from '../../ports/random.ts';

export interface ReadDeps {
  readonly gate: Gate;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly random: Random;
  /** A minute of the budget, in ms. */
  readonly minuteMs: number;
  /** `Times.permitLife`. */
  readonly permitLife: number;
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

/** Reads under way at once, for a command that makes many. */
export const readsAtOnce = 8;

/** So long a closed gate is waited for, and so many answers that tell nothing. */
const waitMinutes = 5;
const maxTries = 4;

/**
 * One read of Partner Center for a person's command, with a permit of the poller's lane: it takes nothing that the worker
 * wants, and when the night is not running it has the whole budget. A sign-in that is refused, and a network that fails, are
 * not told to the gate: they are this machine's, and the worker's may be well. Throws `CannotRead`, and `Unavailable` when the gate's row cannot be reached.
 */
export async function budgetedRead<T>(
  deps: ReadDeps,
  customerId: string,
  send: (options: SendOptions) => Promise<Exchange>,
  decode: (body: string) => Decoded<T>,
): Promise<ReadAnswer<T>> {
  const { gate, clock, random, minuteMs, permitLife, tokens } = deps;
  let renewed = false;
  let renewToken = false;
  for (let tries = 1; ; tries += 1) {
    await tokens.ready({ renew: false });
    const permit = await takePermit(deps);
    const ids = { correlationId: random.guid() };
    const at = clock.now();
    const mayLeave = () => !isStale(permit, clock.now(), { permitLife });
    const exchange = await send({ ids, renewToken, mayLeave });
    renewToken = false;
    if (exchange.kind === 'no-answer' && exchange.stale === true) {
      gate.giveBack(permit);
      if (tries >= maxTries) throw new CannotRead(`Partner Center could not be read: ${exchange.failure}.`);
      continue;
    }
    const outcome = judgeRead(exchange, decode, { ids, at });
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
        const throttle = await gate.report({ kind: 'throttled', customerId, retryAfterMs });
        if (throttle.kind === 'customer') await sleepUntil(deps, throttle.until);
        break;
      }
      case 'intercepted':
        throw refused(outcome.reason);
      case 'renew-token':
      case 'credential':
        // Nothing is reported of it, and whoever waits for a trial call does not wait for this one.
        gate.giveBack(permit, true);
        if (renewed || outcome.kind === 'credential') throw refused(outcome.reason);
        renewed = true;
        renewToken = !(await tokens.ready({ renew: true }));
        break;
      case 'unavailable': {
        gate.giveBack(permit, true);
        const asked = Math.min(outcome.retryAfterMs ?? 0, waitMinutes * minuteMs);
        await sleepUntil(deps, clock.now() + Math.max((2 ** tries * minuteMs) / 60, asked));
      }
    }
    if (tries >= maxTries && outcome.kind !== 'renew-token') throw refused(outcome.reason);
  }
}

const refused = ({ description, code, correlationId }: Reason): CannotRead =>
  new CannotRead(
    `Partner Center could not be read: ${withoutDot(description)} (code ${code}, MS-CorrelationId ${correlationId}).`,
  );

/** Waits for the gate as the poller does; a closed one for a few minutes. */
async function takePermit(deps: ReadDeps): Promise<Permit> {
  const { gate, clock, minuteMs } = deps;
  const giveUpAt = clock.now() + waitMinutes * minuteMs;
  for (;;) {
    if (deps.signal.aborted) throw new CannotRead('Stopped.');
    const taken = await gate.take('poller', clock.now() + minuteMs / 6);
    if (taken.kind === 'permit') return taken.permit;
    if (taken.kind === 'closed' && Math.max(clock.now(), taken.until) > giveUpAt)
      throw new CannotRead(
        `The gate is closed: ${withoutDot(taken.reason)}. No call is made meanwhile. Next: npx partner-checkout status`,
      );
    await sleepUntil(deps, Math.max(taken.until, clock.now() + minuteMs / 120));
  }
}

async function sleepUntil({ clock, signal }: ReadDeps, until: number): Promise<void> {
  while (clock.now() < until && !signal.aborted) await clock.sleep(Math.min(500, until - clock.now()));
}
