/**
 * What Azure's Node worker does with the bundle, without the local host's own judgement: it loads the entry file, runs the start
 * hooks, reads the functions, and invokes each of them. `process.argv[2]` is the folder, `[3]` the version of Node that the
 * bundle is to believe in. Prints one line of JSON.
 */
import { systemClock } from '../../local/functions-host/clock.ts';
import { createCore } from '../../local/functions-host/core.ts';
import { invoke, type TriggerInput, withFixed } from '../../local/functions-host/invoke.ts';
import { loadApp, provideCore } from '../../local/functions-host/load.ts';

const [, , appRoot = '', node] = process.argv;
const log = () => {};
const core = createCore(log);
if (node !== undefined) {
  // All that came after this version and that files might use while they load.
  Object.defineProperty(process.versions, 'node', { value: node });
  Reflect.deleteProperty(Map, 'groupBy');
  Reflect.deleteProperty(Object, 'groupBy');
  Reflect.deleteProperty(Promise, 'withResolvers');
  Reflect.deleteProperty(Promise, 'try');
  Reflect.deleteProperty(Array, 'fromAsync');
  Reflect.deleteProperty(RegExp, 'escape');
}
provideCore(core);
await loadApp(appRoot, core);
const hookData = {};
const appContext = withFixed({}, { hookData, appHookData: {} });
for (const hook of core.hooks('appStart')) await hook(appContext);
core.lock();

const http = (method: string, url: string, params: Record<string, string> = {}): TriggerInput => ({
  data: {
    http: {
      method,
      url,
      nullableHeaders: { 'content-type': { value: 'application/json' } },
      nullableParams: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { value }])),
      ...(method === 'POST' ? { body: { bytes: Buffer.from('{}') } } : {}),
    },
  },
  metadata: {},
});
const message: TriggerInput = {
  data: { bytes: Buffer.from('{"customerId":"a","cartId":"b"}') },
  metadata: { MessageId: { string: 'm1' }, DeliveryCount: { int: 1 }, SequenceNumber: { json: '1' } },
};
const inputs: Readonly<Record<string, TriggerInput>> = {
  checkout: message,
  checkoutUrgent: message,
  submitJobs: http('POST', 'http://127.0.0.1/api/jobs'),
  readJob: http('GET', 'http://127.0.0.1/api/jobs/a', { jobKey: 'a' }),
  readBatch: http('GET', 'http://127.0.0.1/api/batches/b', { batchId: 'b' }),
  health: http('GET', 'http://127.0.0.1/api/health'),
  pollPendingOrders: { data: { json: '{"IsPastDue":false}' }, metadata: {} },
};

const answers: Record<string, unknown> = {};
for (const fn of core.functions) {
  const { name, bindings } = fn.metadata;
  const input = inputs[name];
  const [binding = ''] = Object.keys(bindings);
  if (input === undefined) continue;
  const options = {
    core,
    log,
    clock: systemClock,
    functionTimeout: Number.POSITIVE_INFINITY,
    appHookData: {},
  };
  answers[name] = await invoke(fn, binding, input, options).then(
    ({ returnValue }) => {
      const { statusCode, body } = returnValue?.http ?? {};
      const text = body?.string ?? Buffer.from(body?.bytes ?? '').toString('utf8');
      return { status: statusCode, body: text };
    },
    (error: unknown) => ({ thrown: error instanceof Error ? error.message : String(error) }),
  );
}
for (const hook of core.hooks('appTerminate')) await hook(appContext);
process.stdout.write(
  `${JSON.stringify({ functions: core.functions.map(({ metadata }) => metadata.name), answers, hookData })}\n`,
);
