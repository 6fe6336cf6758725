/**
 * How this process ends without cutting a paid call. The host says that it ends (`appTerminate`) and ends it up to five seconds later,
 * whatever runs. First no new call leaves, then runs that only have writes left get the remaining time, then the clients close.
 */
import type { Gate } from '../src/ports/gate.ts';
import type { PartnerCenter } from '../src/ports/partner-center.ts';

export interface Termination {
  /** The same gate, which gives out no permit once the process ends: a run without one reschedules its job. */
  gate(gate: Gate): Gate;
  /** The same client, which lets no paid call leave once the process ends. */
  partnerCenter(client: PartnerCenter): PartnerCenter;
  /** A run that `end` waits for. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Closes gate and client, and resolves when all runs have ended, or after `withinMs`. */
  end(withinMs: number): Promise<void>;
}

export function termination(now: () => number): Termination {
  const begun = new AbortController();
  const running = new Set<Promise<unknown>>();
  const refused = () => ({ kind: 'closed', until: now(), reason: 'this worker ends' }) as const;
  const ends = new Promise<void>((resolve) => begun.signal.addEventListener('abort', () => resolve()));

  return {
    gate: (gate) => ({
      ...gate,
      async take(...asked) {
        if (begun.signal.aborted) return refused();
        const taking = gate.take(...asked);
        const taken = await Promise.race([taking, ends]);
        if (taken !== undefined && !begun.signal.aborted) return taken;
        // Whoever waits for its turn would wait past the end. What it gets later is nobody's.
        void taking.then(
          (late) => late.kind === 'permit' && gate.giveBack(late.permit),
          () => {},
        );
        return refused();
      },
    }),
    partnerCenter: (client) => ({
      ...client,
      checkout: (customerId, cartId, options) =>
        client.checkout(customerId, cartId, {
          ...options,
          mayLeave: () => {
            // guard: Termination: no paid call leaves once the process ends
            if (begun.signal.aborted) return false;
            return options.mayLeave?.() ?? true;
          },
        }),
    }),
    async run(work) {
      const run = work();
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    async end(withinMs) {
      begun.abort();
      const limit = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
      await Promise.race([Promise.allSettled(running), limit]);
    },
  };
}
