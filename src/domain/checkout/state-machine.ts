import type { State } from './record.ts';

/**
 * - `submit`: a call is about to be made.
 * - `doubt`: a call may have been executed.
 * - `wait`: nothing of ours is running.
 * - `order`, `complete`, `end-partly`: orders are known, some pending / all completed / some groups failed or cancelled.
 * - `fail`: refused for good, no order.
 * - `make-anew`: nothing was ever sent; its cart is made first.
 * - `reopen`: a person asked to try again; `reopen-in-doubt`: the same, after somebody gave up on it.
 */
export type Step =
  | 'submit'
  | 'doubt'
  | 'wait'
  | 'order'
  | 'complete'
  | 'end-partly'
  | 'fail'
  | 'make-anew'
  | 'reopen'
  | 'reopen-in-doubt';

const results = { order: 'ordered', complete: 'completed', 'end-partly': 'partial' } as const;

/** Orders are facts, so they are written in every state; all else moves one way, but for a person's `reopen`. */
const steps: Record<State, Partial<Record<Step, State>>> = {
  submitting: { submit: 'submitting', doubt: 'unresolved', wait: 'waiting', fail: 'failed', ...results },
  waiting: { submit: 'submitting', doubt: 'unresolved', wait: 'waiting', fail: 'failed', ...results },
  // Sticky: once it may have been bought, only orders, evidence or a person say otherwise.
  unresolved: {
    submit: 'unresolved',
    doubt: 'unresolved',
    // guard: Sticky: unresolved stays unresolved until it is known [replace: 'waiting']
    wait: 'unresolved',
    fail: 'failed',
    ...results,
  },
  ordered: { ...results },
  completed: { ...results },
  partial: { reopen: 'submitting', 'reopen-in-doubt': 'unresolved', ...results },
  failed: { 'make-anew': 'waiting', reopen: 'submitting', 'reopen-in-doubt': 'unresolved', ...results },
};

/** The one place where a state changes. Throws for a step that the state does not allow: that is a bug of ours. */
export function transition(from: State, step: Step): State {
  const to = steps[from][step];
  if (to === undefined) throw new Error(`A checkout that is "${from}" cannot take the step "${step}"`);
  return to;
}
