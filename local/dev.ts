/** `npm run dev`: keeps the whole stack up on this machine and takes messages from anyone, until Ctrl-C. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { buildDist } from './build.ts';
import { isForPeople, readOptions } from './command-line.ts';
import type { HostChild } from './functions-host/child.ts';
import type { CartRef } from './partner-center/sandbox.ts';
import { makeSampleLists } from './sample-list.ts';
import { powershellLines, shellLines, shellVariables } from './shell-file.ts';
import { examplePorts, type Stack, startStack, withoutTimer } from './stack.ts';

const usage = `npm run dev --              keeps the whole stack up, and takes messages from anyone, until Ctrl-C
  --factor 60               how many times faster its clock runs, 1 to 4000
  --own-worker              starts no worker, and listens on the ports of local.settings.json.example: for a worker that
                            you start under a debugger, or with Azure's tools
  --no-timer                runs no timer, as on an instance whose timers have stopped: deliveries and health requests
                            start the ticks`;

const root = new URL('..', import.meta.url).pathname;
const folder = join(root, '.local');
/** Where the command line finds this stack. */
const stackFile = join(folder, 'stack.json');
/** For the shell: `. .local/env` sets what the examples read. */
const shellFile = join(folder, 'env');
/** The same for PowerShell: `. .local/env.ps1`. */
const powershellFile = join(folder, 'env.ps1');
/** For NODE_EXTRA_CA_CERTS of one's own worker. */
const certificateFile = join(folder, 'authority.pem');

const stopped = Promise.withResolvers<void>();
process.once('SIGINT', () => stopped.resolve());
process.once('SIGTERM', () => stopped.resolve());

const {
  factor,
  'own-worker': ownWorker,
  'no-timer': noTimer,
} = readOptions(
  usage,
  {
    factor: { type: 'string', default: '60' },
    'own-worker': { type: 'boolean', default: false },
    'no-timer': { type: 'boolean', default: false },
  },
  z.object({
    factor: z.coerce.number().check(z.gte(1), z.lte(4_000)),
    'own-worker': z.boolean(),
    'no-timer': z.boolean(),
  }),
);

async function dev(): Promise<void> {
  await buildDist(root);
  const stack = await startStack({ factor, appRoot: root, ...(ownWorker ? { ports: examplePorts } : {}) });
  let page: ChildProcess | undefined;
  try {
    const { settings, sandbox } = stack;
    await mkdir(folder, { recursive: true });
    await copyFile(sandbox.caFile, certificateFile);
    const file = { pid: process.pid, settings, admin: sandbox.admin };
    await writeFile(stackFile, JSON.stringify(file, null, 2), { mode: 0o600 });
    const worker = ownWorker ? undefined : await stack.startWorker(show, noTimer ? withoutTimer : {});
    const sample = await makeSampleLists(sandbox, folder);
    const variables = shellVariables(stack, worker, sample);
    await writeFile(shellFile, shellLines(variables), { mode: 0o600 });
    await writeFile(powershellFile, powershellLines(variables), { mode: 0o600 });
    console.log(`
The stack is up; its clock runs ${factor} times faster.${worker === undefined ? '' : ` Functions: ${worker.functions.join(', ')} (registered in ${Math.round(worker.registeredMs)} ms).`}

${addresses(stack, worker)}

The sandbox has 20 carts: .local/sample.csv lists them. .local/orders.csv has ten orders. Try this in another terminal:

${whatToTry(stack, worker, sample.first)}

Ctrl-C ends it.`);
    page = operatorPage();
    const ended = worker?.exited.then(({ code, signal }) => signal ?? `code ${code}`);
    const end = await Promise.race([stopped.promise, ...(ended === undefined ? [] : [ended])]);
    if (end === undefined) return;
    console.error(`The worker ended, with ${end}.`);
    process.exitCode = 1;
  } finally {
    page?.kill('SIGINT');
    const made = [stackFile, shellFile, powershellFile, certificateFile];
    await Promise.all(made.map((path) => rm(path, { force: true })));
    await stack.stop();
  }
}

/** The page to look at, as `npx partner-checkout ui` starts it. It prints its address. */
const operatorPage = (): ChildProcess =>
  spawn(process.execPath, [join(root, 'src/cli/main.js'), 'ui'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });

const show = (line: string): void => {
  if (isForPeople(line)) console.log(line);
};

function addresses({ broker, tables, sandbox, functionKey }: Stack, worker: HostChild | undefined): string {
  const http =
    worker === undefined
      ? ''
      : `  HTTP            ${worker.address}/api
   function key   ${functionKey}
`;
  return `${http}  Service Bus     ${broker.connectionString}
   over TLS       ${broker.secureConnectionString}
   certificate    ${sandbox.caFile}
  tables          ${tables.connectionString}
  Partner Center  ${sandbox.apiBase}
  its order book  ${sandbox.admin}/admin/order-book
  its calls       ${sandbox.admin}/admin/calls`;
}

const ownWorkerText = `  # your worker, with a copy of local.settings.json.example as local.settings.json
  NODE_EXTRA_CA_CERTS=.local/authority.pem npx node --inspect local/functions-host/main.ts`;

function whatToTry({ sandbox, functionKey }: Stack, worker: HostChild | undefined, cart?: CartRef): string {
  const job = `{"customerId":"${cart?.customerId}","cartId":"${cart?.cartId}"}`;
  const http =
    worker === undefined
      ? ownWorkerText
      : `  # check out one cart
  curl -s ${worker.address}/api/jobs -H 'x-functions-key: ${functionKey}' -H 'content-type: application/json' \\
    -d '${job}'

  # show its result
  curl -s ${worker.address}/api/jobs/${cart?.customerId}:cart:${cart?.cartId} -H 'x-functions-key: ${functionKey}'`;
  return `  # check out all of them, and show the state of the worker
  npx partner-checkout enqueue .local/sample.csv --batch sample
  npx partner-checkout status

  # order lines: what would fail and what it costs, then from lines to subscriptions, and what became of each line
  npx partner-checkout preflight .local/orders.csv
  npx partner-checkout enqueue .local/orders.csv --batch orders
  npx partner-checkout batch orders --csv

${http}

  # over Service Bus: send this to the queue checkout-jobs with any client
  ${job}

  # make more carts
  curl -s -X POST ${sandbox.admin}/admin/carts -H 'content-type: application/json' -d '{"count":100,"customers":10}'

  # what Partner Center has sold
  curl -s ${sandbox.admin}/admin/order-book

  # a bad night: three of ten checkouts are executed, and their answers are lost. "faults":[] ends it
  curl -s -X POST ${sandbox.admin}/admin/switches -H 'content-type: application/json' \\
    -d '{"faults":[{"kind":"drop","when":"after","rate":0.3}]}'`;
}

// Last: it uses the constants above.
await dev();
