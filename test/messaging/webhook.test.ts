/** Promise: a webhook is posted to once for each notice, and nothing that it answers does harm or shows its address. */

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { webhookBody, webhookClient } from '../../src/adapters/webhook/webhook-client.ts';
import { attentionNotice, batchNotice, type Notice } from '../../src/domain/notice/notice.ts';

const at = Date.parse('2026-11-30T02:14:00Z');
const notice: Notice = attentionNotice(
  'attention:1',
  [{ kind: 'failed', code: '[click](https://evil.example)', openedAt: at, batchIds: ['night'] }],
  'https://wiki.example/runbook',
);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/s3cret?sig=s3cret`;
}

test('plain JSON: what, since when, how many, what the worker does, the command, the runbook, and a stable id', async () => {
  const seen: { body: unknown; headers: unknown; url: string | undefined }[] = [];
  const address = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      seen.push({ body, headers: request.headers, url: request.url });
      response.writeHead(202).end();
    });
  });
  expect(await webhookClient(async () => address).post(notice)).toEqual({ kind: 'accepted' });
  expect(seen).toMatchObject([
    {
      url: '/hooks/s3cret?sig=s3cret',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'attention:1' },
      body: {
        id: 'attention:1',
        kind: 'attention',
        title: '1 new row needs a person',
        what: [expect.stringContaining('1 failed')],
        since: '2026-11-30T02:14:00.000Z',
        howMany: 1,
        doing: expect.stringContaining('continues with all other jobs'),
        command: 'npx partner-checkout attention',
        runbook: 'https://wiki.example/runbook#by-kind-of-attention',
      },
    },
  ]);
});

test.each([
  'https://prod-12.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sig=x',
  'https://default0a.bc.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/a?sig=x',
])('a workflow of Teams gets a card, in which a text from outside is no link', (address) => {
  const body = webhookBody(new URL(address), notice);
  expect(body).toMatchObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          type: 'AdaptiveCard',
          actions: [{ type: 'Action.OpenUrl', url: 'https://wiki.example/runbook#by-kind-of-attention' }],
        },
      },
    ],
  });
  expect(JSON.stringify(body)).not.toContain('[click](');
});

test('the longest notice fits the 28 KB of a Teams message', () => {
  const rows = Array.from({ length: 5_000 }, (_, n) => ({
    kind: 'failed' as const,
    code: `${n} ${'\u{1f4a5}'.repeat(200)}`,
    openedAt: at,
    batchIds: Array.from({ length: 20 }, (_, m) => `${n}-${m}-${'x'.repeat(110)}`),
  }));
  const longest = attentionNotice('attention:1', rows, `https://wiki.example/${'r'.repeat(200)}`);
  const body = webhookBody(new URL('https://a.logic.azure.com/x'), longest);
  expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(28 * 1024);
});

test('the end of a batch says what failed, and a larger size has another id', () => {
  const batch = { batchId: 'night 1', total: 4, completed: 3, partial: 0, failed: 1, rejected: 0 };
  const told = batchNotice({ ...batch, since: at, at }, 'docs/runbook.md');
  expect(told).toMatchObject({
    id: 'batch:night 1:4',
    title: 'Batch night 1 has ended',
    command: 'npx partner-checkout batch "night 1"',
    doing: expect.stringContaining('waits for a person'),
  });
  expect(told.what[0]).toBe('3 completed, 0 partial, 1 failed, 0 rejected, of 4');
});

test.each<[string, RequestListener, string]>([
  [
    'a redirect, which is not followed',
    (_, response) => response.writeHead(302, { Location: '/next' }).end(),
    'answered 302.',
  ],
  ['an error', (_, response) => response.writeHead(503).end('s3cret'), 'answered 503.'],
  ['a closed connection', (request) => request.socket.destroy(), 'gave no answer'],
  [
    'headers without an end',
    (request) => void request.socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n`),
    'gave no answer',
  ],
])('%s is a refusal in words without the address', async (_, answer, words) => {
  let requests = 0;
  const address = await serve((request, response) => {
    requests += 1;
    answer(request, response);
  });
  const posted = await webhookClient(async () => address).post(notice);
  expect(posted).toMatchObject({ kind: 'refused', of: 'all', why: expect.stringContaining(words) });
  expect(JSON.stringify(posted)).not.toContain('s3cret');
  expect(requests).toBe(1);
});

test('an answer without an end is not read to its end', async () => {
  const address = await serve((_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
    response.on('close', () => clearInterval(timer));
  });
  expect(await webhookClient(async () => address).post(notice)).toEqual({ kind: 'accepted' });
});

test.each([
  ['a vault that cannot be read', () => Promise.reject(new Error('reading secret notify-url failed: 403.'))],
  ['an address that is none', async () => 's3cret'],
  ['plain http to another machine', async () => 'http://hooks.example.com/s3cret'],
])('%s is a refusal in words', async (_, address) => {
  const posted = await webhookClient(address).post(notice);
  expect(posted).toMatchObject({ kind: 'refused', of: 'all', why: expect.stringContaining('address') });
  expect(JSON.stringify(posted)).not.toContain('s3cret');
});
