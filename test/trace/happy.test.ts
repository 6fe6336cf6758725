/** Promise: a happy job passes the steps of the one way and no others. */

import { expect, test } from 'vitest';
import { traceHappy } from './happy.ts';

test('a happy job passes the steps of the one way, and nothing that looks for evidence or puts it off', async () => {
  const { core, byFolder } = await traceHappy();
  const files = Object.keys(byFolder['src/checkout']?.ran ?? {});
  const way = ['handle-delivery.ts', 'claim.ts', 'call-checkout.ts', 'carry-out.ts', 'commit-result.ts'];
  expect(files).toEqual(expect.arrayContaining(way));
  expect(files).not.toContain('reconcile.ts');
  expect(files).not.toContain('survive-error.ts');
  expect(byFolder['src/checkout']?.ran['handle-delivery.ts']).toContain('work');
  expect(core.files).toBeLessThanOrEqual(37);
});
