/** `npm run dev`: keeps the whole stack up on this machine and takes messages from anyone, until Ctrl-C. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildDist } from './build.ts';
import { makeSampleList } from './sample-list.ts';
import { startStack } from './stack.ts';

const { values } = parseArgs({ options: { factor: { type: 'string' }, port: { type: 'string' } } });
const factor = Number(values.factor ?? 60);
const root = new URL('..', import.meta.url).pathname;

await buildDist(root);
const stack = await startStack({
  factor,
  appRoot: root,
  ...(values.port === undefined ? {} : { busPort: Number(values.port) }),
});
const stopped = Promise.withResolvers<void>();
process.once('SIGINT', () => stopped.resolve());
process.once('SIGTERM', () => stopped.resolve());

// Where the command line finds this stack.
const stackFile = join(root, '.local', 'stack.json');
const shellFile = join(root, '.local', 'env');

try {
  await mkdir(join(root, '.local'), { recursive: true });
  await writeFile(
    stackFile,
    JSON.stringify({ pid: process.pid, settings: stack.settings, admin: stack.sandbox.admin }, null, 2),
    { mode: 0o600 },
  );
  const worker = await stack.startWorker((line) => process.stdout.write(`${line}\n`));
  const [cart] = await makeSampleList(stack.sandbox, join(root, '.local', 'sample.csv'));
  // For the shell: `. .local/env` sets what the examples read.
  const shell = {
    CHECKOUT_URL: worker.address ?? '',
    CHECKOUT_KEY: stack.functionKey,
    SERVICEBUS_CONNECTION: stack.broker.connectionString,
    SSL_CERT_FILE: stack.sandbox.caFile,
  };
  const exports = Object.entries(shell).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFile(shellFile, exports.join(''), { mode: 0o600 });
  process.stdout.write(`
The stack is up; its clock runs ${factor} times faster. Functions: ${worker.functions.join(', ')} (registered in ${Math.round(worker.registeredMs)} ms).

  HTTP            ${worker.address}/api
   function key   ${stack.functionKey}
  Service Bus     ${stack.broker.connectionString}
   over TLS       ${stack.broker.secureConnectionString}
   certificate    ${stack.sandbox.caFile}
  tables          ${stack.tables.connectionString}
  Partner Center  ${stack.sandbox.apiBase}
  its order book  ${stack.sandbox.admin}/admin/order-book
  its calls       ${stack.sandbox.admin}/admin/calls

20 carts are there, and a list of them in .local/sample.csv. Try, in another terminal:

  # checks all of them out, and shows how the worker stands
  npx checkout enqueue .local/sample.csv --batch sample
  npx checkout status

  # checks a cart out
  curl -s ${worker.address}/api/jobs -H 'x-functions-key: ${stack.functionKey}' -H 'content-type: application/json' \\
    -d '{"customerId":"${cart?.customerId}","cartId":"${cart?.cartId}"}'

  # what became of it
  curl -s ${worker.address}/api/checkouts/${cart?.customerId}/${cart?.cartId} -H 'x-functions-key: ${stack.functionKey}'

  # the same over Service Bus: send this to the queue checkout-jobs with any client
  {"customerId":"${cart?.customerId}","cartId":"${cart?.cartId}"}

  # more carts
  curl -s -X POST ${stack.sandbox.admin}/admin/carts -H 'content-type: application/json' -d '{"count":100,"customers":10}'

  # what Partner Center has sold
  curl -s ${stack.sandbox.admin}/admin/order-book

Ctrl-C ends it.
`);
  await Promise.race([stopped.promise, worker.exited]);
} finally {
  await rm(stackFile, { force: true });
  await rm(shellFile, { force: true });
  await stack.stop();
}
