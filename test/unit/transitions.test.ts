/** Promise: a state changes as the hand-written table says. */

import { describe, expect, test } from 'vitest';
import type { State } from '../../src/domain/checkout/record.ts';
import { type Step, transition } from '../../src/domain/checkout/record.ts';

const states: readonly State[] = [
  'submitting',
  'waiting',
  'unresolved',
  'ordered',
  'completed',
  'partial',
  'failed',
];
const steps: readonly Step[] = [
  'submit',
  'doubt',
  'wait',
  'order',
  'complete',
  'end-partly',
  'fail',
  'make-anew',
  'reopen',
  'reopen-in-doubt',
];

/** Rows are states, columns the steps above; `-` is refused. Written by hand, so that the code's own table is checked by another. */
const table = `
submitting  submitting unresolved waiting    ordered completed partial failed -       -          -
waiting     submitting unresolved waiting    ordered completed partial failed -       -          -
unresolved  unresolved unresolved unresolved ordered completed partial failed -       -          -
ordered     -          -          -          ordered completed partial -      -       -          -
completed   -          -          -          ordered completed partial -      -       -          -
partial     -          -          -          ordered completed partial -      -       submitting unresolved
failed      -          -          -          ordered completed partial -      waiting submitting unresolved
`
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/));

describe('every pair of state and step', () => {
  for (const [row, from] of states.entries())
    for (const [column, step] of steps.entries()) {
      const expected = table[row]?.[column + 1];
      test(`${from} + ${step} = ${expected}`, () => {
        expect(table[row]?.[0]).toBe(from);
        if (expected === '-')
          expect(() => transition(from, step)).toThrow(`"${from}" cannot take the step "${step}"`);
        else expect(transition(from, step)).toBe(expected);
      });
    }
});
