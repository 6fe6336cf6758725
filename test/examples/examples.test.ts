/** Promise: each published example sends a job that the contract accepts. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { queueName, type Stack, startStack, urgentQueueName } from '../../local/stack.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/examples');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
// Its default export is in `default` twice, by the way in which it is compiled.
ajvFormats.default(ajv);
const isJob = ajv.compile(JSON.parse(readFileSync(join(root, 'docs/message-contract.schema.json'), 'utf8')));

/** What is wrong with a job by the published schema. */
const offences = (job: unknown): unknown => (isJob(job) ? [] : isJob.errors);

test('each is short enough to be read at once', () => {
  for (const name of readdirSync(folder))
    expect(read(name).trimEnd().split('\n').length).toBeLessThanOrEqual(30);
});

// The one in TypeScript is not there: it is no JSON, and its message is looked at below.
test.each([
  'send_job_http.py',
  'send_job_amqp.py',
  'send-job.sh',
  'SendJob.cs',
  'Send-Job.ps1',
  'logic-app.json',
])('the payload of %s is a job by the schema', (name) => {
  const text = /\{[^{}]*"customerId"[^{}]*\}/.exec(read(name))?.[0] ?? 'there is no payload';
  expect(offences(JSON.parse(text))).toEqual([]);
});

test('the payload of send-lines.sh is a job by the schema', () => {
  const text = /--data '([^']*)'/.exec(read('send-lines.sh'))?.[1] ?? 'there is no payload';
  expect(offences(JSON.parse(text))).toEqual([]);
  expect(offences({ ...JSON.parse(text), cartId: '2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c7aa' })).not.toEqual([]);
  expect(offences({ ...JSON.parse(text), currency: undefined })).not.toEqual([]);
});

/** Debian's own, for which Debian packs the Service Bus client. */
const python = '/usr/bin/python3';
const run = promisify(execFile);

const canImport = (module: string): Promise<boolean> =>
  run(python, ['-c', `import ${module}`]).then(
    () => true,
    () => false,
  );

/** CI installs what is needed (.ci/run), so there a missing program is a failure. */
async function needs(
  skip: (note: string) => void,
  what: string,
  there: boolean | Promise<boolean>,
): Promise<void> {
  if (await there) return;
  if (process.env['CI'] !== undefined) throw new Error(`${what} is missing, and this is CI`);
  skip(`NOT RUN: ${what} is missing`);
}

describe('run against the local stack', () => {
  let stack: Stack;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    stack = await startStack({ factor: 60, appRoot: inject('appRoot') });
    // It sends, and takes nothing: what arrives stays there to be looked at.
    const disabled = { 'AzureWebJobs.checkout.Disabled': '1', 'AzureWebJobs.checkoutUrgent.Disabled': '1' };
    const { address } = await stack.startWorker(undefined, disabled);
    env = { ...process.env, CHECKOUT_URL: address, CHECKOUT_KEY: stack.functionKey };
  });
  afterAll(async () => {
    await stack?.stop();
  });

  /** Runs a sample, and checks the message that it sent. */
  async function sends(
    queue: string,
    command: string,
    args: readonly string[],
    more: object = {},
  ): Promise<string> {
    const before = stack.broker.entity(queue).messages().length;
    const { stdout } = await run(command, args, { env: { ...env, ...more }, timeout: 25_000 });
    const added = stack.broker.entity(queue).messages().slice(before);
    expect(added).toHaveLength(1);
    const body = added[0]?.body;
    expect(offences(JSON.parse(Buffer.isBuffer(body) ? body.toString() : String(body)))).toEqual([]);
    return stdout;
  }

  test('curl', async ({ skip }) => {
    await needs(skip, 'curl', existsSync('/usr/bin/curl'));
    expect(JSON.parse(await sends(queueName, 'sh', [join(folder, 'send-job.sh')]))).toMatchObject({
      sent: 1,
    });
  });

  test('Python over HTTP, to the urgent queue', async ({ skip }) => {
    await needs(skip, 'python3', existsSync(python));
    const said = await sends(urgentQueueName, python, [join(folder, 'send_job_http.py')]);
    expect(said).toMatch(/^its state: \/api\/jobs\/7c1f0a52-[-0-9a-f]*:cart:/);
  });

  test('Python over AMQP and TLS, by the client that Debian packs', async ({ skip }) => {
    await needs(skip, "Debian's python3-azure", canImport('azure.servicebus'));
    const said = await sends(queueName, python, [join(folder, 'send_job_amqp.py')], {
      SERVICEBUS_CONNECTION: 'Endpoint=sb://localhost;SharedAccessKeyName=local;SharedAccessKey=local',
      AMQPS_PORT: String(stack.broker.port),
      SSL_CERT_FILE: stack.sandbox.caFile,
      PYTHONPATH: join(import.meta.dirname, 'python'),
    });
    expect(said).toBe('sent 2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c703\n');
  });

  test('TypeScript', async () => {
    const said = await sends(queueName, process.execPath, [join(folder, 'send-job.ts')], {
      SERVICEBUS_CONNECTION: stack.broker.connectionString,
    });
    expect(said).toBe('sent 2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c701\n');
  });
});
