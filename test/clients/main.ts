/** `npm run check:clients`: what clients that nobody here wrote see of the local broker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { makeCertificate } from '../../local/certificate.ts';
import { readOptions } from '../../local/command-line.ts';
import { type Broker, startBroker } from '../../local/service-bus/broker.ts';
import { decodeJobValue } from '../../src/domain/message/job.ts';

const usage = `npm run check:clients --    runs the official clients of .NET and Python against the local broker
  --only net,python         not all of them
  --allow-missing           a client whose tools are not installed is left out, and no failure
  --json                    prints one object instead of lines`;

const { only, json, ...options } = readOptions(
  usage,
  {
    only: { type: 'string', default: 'net,python' },
    'allow-missing': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  z.object({ only: z.string(), json: z.boolean(), 'allow-missing': z.boolean() }),
);
const allowMissing = options['allow-missing'];

const known = ['net', 'python'];
const wanted = only.split(',');
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(
    `--only: there is no client ${unknown.join(', ')}; known are ${known.join(', ')}.\n\n${usage}`,
  );
  process.exit(2);
}

interface Check {
  readonly name: string;
  /** Undefined: it passed. */
  readonly error: string | undefined;
}

interface Report {
  readonly client: string;
  readonly version: string;
  readonly checks: readonly Check[];
  /** The tool that is not installed; then there are no checks. */
  readonly missing: string | undefined;
}

/** What a client's program prints, a line each. */
const lineShape = z.union([
  z.object({ checks: z.array(z.string()) }),
  z.object({ check: z.string(), error: z.nullable(z.string()) }),
]);

/** A child that hangs ends with its checks failed. */
const longestRun = 240_000;

const scratch = mkdtempSync(join(tmpdir(), 'check-clients-'));
const children = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const child of children) end(child);
    rmSync(scratch, { recursive: true, force: true });
    process.exit(1);
  });

/** With what it has started: each leads a group of its own. */
function end({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

interface Ended {
  /** Undefined: it ended well. */
  readonly how: string | undefined;
  readonly errors: string;
}

/** Runs a program to its end; `onLine` hears what it prints. */
async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<Ended> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  });
  children.add(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  let tookTooLong = false;
  const limit = setTimeout(() => {
    tookTooLong = true;
    end(child);
  }, longestRun);
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      if (tookTooLong) resolve(`was ended after ${longestRun / 1_000} s`);
      else if (signal !== null) resolve(`was ended by ${signal}`);
      else resolve(code === 0 ? undefined : `ended with code ${code}`);
    });
  });
  clearTimeout(limit);
  children.delete(child);
  return { how, errors };
}

/** Runs the program of a client, and says each of its checks once it is known. */
async function runChecks(
  client: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<readonly Check[]> {
  let announced: readonly string[] = [];
  const checks: Check[] = [];
  function add(name: string, error: string | undefined): void {
    checks.push({ name, error });
    say(
      `${error === undefined ? 'ok  ' : 'FAIL'} ${client}: ${name}${error === undefined ? '' : ` — ${error}`}`,
    );
  }
  const { how, errors } = await run(command, args, env, (line) => {
    const read = lineShape.safeParse(parsed(line));
    if (!read.success) say(line);
    else if ('checks' in read.data) announced = read.data.checks;
    else add(read.data.check, read.data.error ?? undefined);
  });
  const known = new Set(checks.map(({ name }) => name));
  const end = how ?? 'ended early';
  for (const name of announced) if (!known.has(name)) add(name, `no answer: the client ${end}`);
  if (announced.length === 0 || (how !== undefined && known.size === announced.length))
    add('the client runs to its end', `it ${end}; the end of what it said:\n${errors.trim()}`);
  return checks;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const say = (line: string): void => {
  if (!json) console.log(line);
};

/** One queue for each check, so that none takes another's messages. */
const queue = (Name: string, Properties: object = {}) => ({ Name, Properties });
const short = { LockDuration: 'PT3S' };
const thrice = { MaxDeliveryCount: 3 };
const subscriptions = [{ Name: 'one' }, { Name: 'two' }];
const config = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'clients',
        Queues: [
          ...['net', 'py'].flatMap((client) => [
            ...['two-a', 'two-b', 'prefetch', 'delete', 'renew', 'schedule', 'defer', 'peek'].map((name) =>
              queue(`${client}-${name}`),
            ),
            ...['long', 'lock'].map((name) => queue(`${client}-${name}`, short)),
            queue(`${client}-dead`, thrice),
          ]),
          queue('net-lost', short),
          queue('checkout-jobs'),
          ...['release', 'schedule-large', 'sizes', 'counts'].map((name) => queue(`net-${name}`)),
          ...['fields', 'large'].map((name) => queue(`py-${name}`)),
        ],
        Topics: ['net', 'py'].map((client) => ({ Name: `${client}-events`, Subscriptions: subscriptions })),
      },
    ],
  },
};

const here = import.meta.dirname;

/** Whether a program can be run at all; its answer is nobody's. */
const runs = async (command: string, ...args: readonly string[]): Promise<boolean> =>
  (await run(command, args, {}, () => {})).how === undefined;

async function checkNet(broker: Broker, scratch: string): Promise<Report> {
  const version = 'Azure.Messaging.ServiceBus 7.21.0';
  const report = (checks: readonly Check[], missing?: string): Report => ({
    client: 'net',
    version,
    checks,
    missing,
  });
  if (!(await runs('dotnet', '--version'))) return report([], 'dotnet (the .NET SDK 10)');
  const failed = (name: string, error: string): Check => {
    say(`FAIL net: ${name} — ${error}`);
    return { name, error };
  };
  const program = await buildNet('Clients', scratch);
  if (program.error !== undefined) return report([failed('the program is built', program.error)]);
  const checks = await runChecks('net', 'dotnet', [program.file, broker.connectionString], netEnv);
  const error = await runExample(broker, scratch);
  if (error === undefined) say(`ok   net: ${exampleCheck}`);
  return report([
    ...checks,
    error === undefined ? { name: exampleCheck, error } : failed(exampleCheck, error),
  ]);
}

const netEnv = { DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1', MSBUILDDISABLENODEREUSE: '1' };

async function buildNet(
  name: string,
  scratch: string,
): Promise<{ readonly file: string; readonly error: string | undefined }> {
  const output = join(scratch, name);
  const project = join(here, `${name}.csproj`);
  const lines: string[] = [];
  const { how, errors } = await run(
    'dotnet',
    ['build', project, '-c', 'Release', '-o', join(output, 'bin'), '--artifacts-path', output, '-v', 'q'],
    { ...netEnv, UseSharedCompilation: 'false' },
    (line) => lines.push(line),
  );
  const error = `dotnet build ${how}:\n${[...lines, errors].join('\n').trim()}`;
  return { file: join(output, 'bin', `${name}.dll`), error: how === undefined ? undefined : error };
}

const exampleCheck = 'docs/examples/SendJob.cs compiles without a warning and sends its job';

/** Builds and runs the published example. Undefined: its job arrived. */
async function runExample(broker: Broker, scratch: string): Promise<string | undefined> {
  const { file, error } = await buildNet('Example', scratch);
  if (error !== undefined) return error;
  const env = { ...netEnv, SERVICEBUS_CONNECTION: broker.connectionString };
  const { how, errors } = await run('dotnet', [file], env, say);
  if (how !== undefined) return `it ${how}: ${errors.trim()}`;
  const bodies = broker
    .entity('checkout-jobs')
    .messages()
    .map(({ body }) => String(body));
  if (bodies.length !== 1) return `${bodies.length} messages arrived`;
  const job = decodeJobValue(parsed(bodies[0] ?? ''));
  return job.ok ? undefined : job.rejection.reason;
}

/** Debian's own, for which Debian packs the client. */
const python = '/usr/bin/python3';

async function checkPython(broker: Broker, certificate: string): Promise<Report> {
  let version = 'azure-servicebus';
  const report = (checks: readonly Check[], missing?: string): Report => ({
    client: 'python',
    version,
    checks,
    missing,
  });
  const there = await access(python).then(
    () => true,
    () => false,
  );
  if (!there) return report([], python);
  const asked = await run(
    python,
    ['-c', 'import azure.servicebus as bus; print(bus.__version__)'],
    {},
    (line) => {
      version = `azure-servicebus ${line}`;
    },
  );
  if (asked.how !== undefined) return report([], `azure-servicebus (Debian's package python3-azure)`);
  const script = join(here, 'clients.py');
  const args = [script, broker.secureConnectionString, certificate];
  return report(await runChecks('python', python, args, { PYTHONDONTWRITEBYTECODE: '1' }));
}

const tls = await makeCertificate();
const certificate = join(scratch, 'certificate.pem');
await writeFile(certificate, tls.certificate);
const broker = await startBroker({ config, tls });
async function checkAll(): Promise<readonly Report[]> {
  try {
    return await Promise.all([
      ...(wanted.includes('net') ? [checkNet(broker, scratch)] : []),
      ...(wanted.includes('python') ? [checkPython(broker, certificate)] : []),
    ]);
  } finally {
    await broker.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
const reports = await checkAll();

const count = (checks: readonly Check[], passes: boolean) =>
  checks.filter(({ error }) => (error === undefined) === passes).length;
const total = { passed: 0, failed: 0, leftOut: 0 };
for (const { client, version, checks, missing } of reports) {
  total.passed += count(checks, true);
  total.failed += count(checks, false);
  if (missing === undefined) {
    say(`${client} (${version}): ${count(checks, true)} passed, ${count(checks, false)} failed`);
    continue;
  }
  if (allowMissing) total.leftOut += 1;
  else total.failed += 1;
  say(`${client} (${version}): ${allowMissing ? 'left out' : 'failed'}, ${missing} is missing`);
}
const leftOut = total.leftOut === 0 ? '' : `, ${total.leftOut} left out`;
// As vitest writes it: CI counts by it.
const reportFile = process.env['TEST_REPORT'];
if (reportFile !== undefined)
  await writeFile(reportFile, JSON.stringify({ numPassedTests: total.passed, numFailedTests: total.failed }));
if (json) console.log(JSON.stringify({ ...total, clients: reports }, null, 2));
else console.log(`${total.passed} passed, ${total.failed} failed${leftOut}`);
process.exitCode = total.failed > 0 ? 1 : 0;
