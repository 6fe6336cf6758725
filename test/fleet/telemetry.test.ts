/** Promise: one trace leads from the producer to the order, over every later try. */

import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  type ApplicationInsights,
  type Envelope,
  startApplicationInsights,
} from '../../local/azure/application-insights.ts';
import { type ManagedIdentity, startManagedIdentity } from '../../local/azure/managed-identity.ts';
import type { CartRef } from '../../local/partner-center/sandbox.ts';
import { queueName, type Stack, startStack } from '../../local/stack.ts';
import { cli } from '../support/cli.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
/** Its producer does not keep its own span: ours are kept all the same. */
const traceparent = `00-${traceId}-b7ad6b7169203331-00`;
let stack: Stack;
let insights: ApplicationInsights;
let identity: ManagedIdentity;
let cart: CartRef;

/**
 * One job whose first call is throttled, so that it is rescheduled; whose second is refused, so that a person tries it again; and
 * whose order is pending, so that it is polled.
 */
beforeAll(async () => {
  stack = await startStack({ factor: 600, appRoot: inject('appRoot') });
  insights = await startApplicationInsights(stack.sandbox.pem);
  identity = await startManagedIdentity((resource) => `token for ${resource}`);
  const failed = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const worker = await stack.startWorker(undefined, {
    ...identity.env,
    AZURE_CLIENT_ID: '00000000-0000-4000-8000-00000000000a',
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
  });
  const [made] = stack.sandbox.createCarts({ count: 1, baskets: ['reservation'] });
  if (made === undefined) throw new Error('No cart was made.');
  cart = made;
  stack.sandbox.set({
    faults: [
      { kind: 'throttle', count: 1, retryAfter: 1 },
      { kind: 'error', http: 400, code: 800009, count: 1 },
    ],
  });
  const client = new ServiceBusClient(stack.broker.connectionString);
  const body = Buffer.from(
    JSON.stringify({ ...cart, requestedBy: 'Maria Muster', reference: 'PO for Maria Muster' }),
  );
  await client
    .createSender(queueName)
    .sendMessages({ body, applicationProperties: { 'Diagnostic-Id': traceparent } });
  const receiver = client.createReceiver('checkout-events', 'all');
  receiver.subscribe({
    processMessage: async (message) => {
      const type = message.applicationProperties?.['type'];
      if (type === 'checkout.failed') failed.resolve();
      if (type === 'checkout.completed') ended.resolve();
    },
    processError: async () => {},
  });
  await failed.promise;
  const retried = await cli(stack.settings, ['retry', cart.customerId, cart.cartId, '--yes']);
  expect(retried.code, retried.stdout + retried.stderr).toBe(0);
  await ended.promise;
  await client.close();
  // The last spans leave with the drain.
  await worker.stop();
});

afterAll(async () => {
  await stack?.stop();
  await insights?.stop();
  await identity?.stop();
});

const rows = (type: string): readonly Envelope[] =>
  insights.envelopes.filter(({ data }) => data.baseType === type);
const properties = ({ data }: Envelope) => Object(data.baseData['properties']) as Record<string, string>;
const nameOf = ({ data }: Envelope) => String(data.baseData['name']);
const dependencies = () => rows('RemoteDependencyData');
const ofTheJob = () => dependencies().filter(({ tags }) => tags['ai.operation.id'] === traceId);
/** A wake-up may come days later: its delivery is a trace of its own, which names the producer's as a link. */
const linked = () => {
  const traces = dependencies()
    .filter((row) => properties(row)['_MS.links']?.includes(traceId) === true)
    .map(({ tags }) => tags['ai.operation.id']);
  return dependencies().filter(({ tags }) => traces.includes(tags['ai.operation.id']));
};

test('the producer’s trace and those that link to it lead over a later try and a person’s retry to the orders, with its calls and its events', () => {
  const all = [...ofTheJob(), ...linked()];
  const names = all.map(nameOf);
  // The first delivery, the wake-up after the 429, the retry.
  expect(names.filter((name) => name === 'checkout job').length).toBeGreaterThanOrEqual(3);
  const classes = all
    .filter((row) => nameOf(row) === 'Partner Center checkout')
    .map((row) => properties(row)['checkout.class']);
  expect(classes).toEqual(expect.arrayContaining(['throttled', 'refused', 'ok']));
  expect(names).toContain('events send');
});

test('every span of the job has its parent among them, or it is the producer or the host', () => {
  const ids = new Set(ofTheJob().map(({ data }) => data.baseData['id']));
  const roots = ofTheJob().filter(({ tags }) => !ids.has(tags['ai.operation.parentId']));
  expect(new Set(roots.map(nameOf))).toEqual(new Set(['checkout job']));
});

test('requests to storage are there only if they failed or were slow', () => {
  const storage = dependencies().filter(({ data }) => data.baseData['target'] === 'Table storage');
  // On a quiet machine there is none.
  const quick = storage.filter((row) => String(row.data.baseData['duration']) < '00:00:00.250');
  expect(quick.filter((row) => properties(row)['checkout.class'] !== 'failed')).toEqual([]);
});

test('Partner Center hears of the trace', () => {
  const traces = [...ofTheJob(), ...linked()].map(({ tags }) => tags['ai.operation.id']);
  const checkouts = stack.sandbox.calls().filter(({ path }) => path.endsWith('/checkout'));
  expect(checkouts.length).toBeGreaterThan(0);
  for (const { traceparent } of checkouts) expect(traces).toContain(traceparent?.split('-')[1]);
});

test('each row of a call holds its status, target and class', () => {
  const calls = dependencies().filter(
    ({ data }) => data.baseData['type'] !== 'InProc' && data.baseData['type'] !== 'Dependency',
  );
  expect(calls.length).toBeGreaterThan(8);
  const statuses = new Set<unknown>();
  for (const row of calls) {
    const { target, resultCode, type } = row.data.baseData;
    expect(['Partner Center', 'Table storage', 'Service Bus']).toContain(target);
    expect(properties(row)['checkout.class']).toBeTruthy();
    if (type === 'Azure Service Bus') expect(properties(row)['messaging.outcome']).toBe('accepted');
    else expect(resultCode).not.toBe('0');
    if (nameOf(row) === 'Partner Center checkout') statuses.add(resultCode);
  }
  // A token may end on the way, on a busy machine: then there is a 401 too.
  expect([...statuses]).toEqual(expect.arrayContaining(['201', '400', '429']));
});

test('the poll, later, is linked to the trace of the job', () => {
  const polls = rows('RemoteDependencyData').filter((row) => nameOf(row) === 'poll order');
  expect(polls.length).toBeGreaterThan(0);
  for (const poll of polls) expect(properties(poll)['_MS.links']).toContain(traceId);
  // The one that found the order completed has its event in its own trace.
  const [end] = rows('EventData').filter((row) => nameOf(row) === 'OrderFinished');
  const traces = polls.map(({ tags }) => tags['ai.operation.id']);
  expect(traces).toContain(end?.tags['ai.operation.id']);
});

test('one event for each result of the job, with its measurements, never sampled', () => {
  const events = rows('EventData').filter((row) => nameOf(row) === 'JobFinished');
  expect(events.map((row) => properties(row)['outcome'])).toEqual(['failed', 'ordered']);
  const [event] = events;
  expect(event?.sampleRate ?? 100).toBe(100);
  expect(properties(event as Envelope)).toMatchObject({ cartId: cart.cartId });
  expect(rows('EventData').map(nameOf)).toEqual(
    expect.arrayContaining(['JobRescheduled', 'PollTick', 'OrderFinished', 'GateChanged', 'TokenRefreshed']),
  );
});

test('metrics of jobs, calls, gate and ticks', () => {
  const metrics = rows('MetricData').flatMap(({ data }) => data.baseData['metrics'] as { name: string }[]);
  expect(metrics.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'checkout.jobs',
      'checkout.calls',
      'checkout.gate.wait',
      'checkout.ticks',
      'checkout.job.age',
    ]),
  );
});

test('no secret and no name of a person is in any row', () => {
  const all = JSON.stringify(insights.envelopes);
  expect(all).not.toContain('Maria');
  expect(all).not.toContain(stack.sandbox.credentials.clientSecret);
  expect(all).not.toMatch(/Bearer|eyJ/);
});
