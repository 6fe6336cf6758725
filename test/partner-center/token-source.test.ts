/** Promise: one question for a token serves all, and a refused token is not used again. */

import { describe, expect, test } from 'vitest';
import { cachedTokens, type Token } from '../../src/adapters/partner-auth/token-source.ts';
import type { Fields } from '../../src/ports/telemetry.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const hour = 3_600_000;

function source() {
  const clock = virtualClock();
  const asked: ((token: Token | Error) => void)[] = [];
  const events: string[] = [];
  const tokens = cachedTokens({
    clock,
    fetchToken: () =>
      new Promise((resolve, reject) => {
        asked.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      }),
    telemetry: {
      event: (name, fields: Fields) => events.push(`${name} ${fields['outcome']}`),
      warn: () => {},
    },
  });
  const answer = (token: string, life = hour) => asked.at(-1)?.({ token, expiresAt: clock.now() + life });
  return { clock, asked, tokens, answer, events };
}

describe('a token is kept', () => {
  test('one question for all who wait', async () => {
    const { asked, tokens, answer, events } = source();
    const both = Promise.all([tokens.token({ renew: false }), tokens.token({ renew: false })]);
    answer('one');
    expect(await both).toEqual(['one', 'one']);
    expect(await tokens.token({ renew: false })).toBe('one');
    expect(asked).toHaveLength(1);
    expect(events).toEqual(['TokenRefreshed ok']);
  });
  test('until five minutes before its end; a refusal then stops nobody', async () => {
    const { clock, asked, tokens, answer } = source();
    const first = tokens.token({ renew: false });
    answer('one');
    await first;
    await clock.run(hour - 5 * 60_000 - 1);
    expect(await tokens.token({ renew: false })).toBe('one');
    await clock.run(1);
    const early = tokens.token({ renew: false });
    expect(asked).toHaveLength(2);
    asked[1]?.(new Error('the authority is away'));
    expect(await early).toBe('one');
    await clock.run(5 * 60_000);
    const late = tokens.token({ renew: false });
    asked[2]?.(new Error('the authority is away'));
    await expect(late).rejects.toThrow('No token for Partner Center could be had: the authority is away');
  });
  test('one that lives a minute is renewed shortly before it ends', async () => {
    const { clock, asked, tokens, answer } = source();
    const first = tokens.token({ renew: false });
    answer('one', 60_000);
    await first;
    await clock.run(53_000);
    await tokens.token({ renew: false });
    expect(asked).toHaveLength(1);
  });
});

test('a token that was refused is not handed out again', async () => {
  const { tokens, answer } = source();
  const first = tokens.token({ renew: false });
  answer('one');
  await first;
  const renewed = tokens.token({ renew: true });
  answer('two');
  expect(await renewed).toBe('two');
  expect(await tokens.token({ renew: false })).toBe('two');
});
