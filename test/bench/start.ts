/**
 * How long a start takes, bundled beside unbundled, and the bundle with telemetry.
 * Prints JSON. `telemetryLoadMs` is what loading the telemetry takes by itself; it comes after the functions are registered.
 * Unbundled means: our own code in one file, packages from node_modules, as a deployment without a bundler has them.
 * Both run in the local host, whose own start is part of `registeredMs` and not of `loadMs`; the disk is warm.
 * Not measured: a cold disk or network share, and Azure's own start of host and worker.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { buildDist } from '../../local/build.ts';
import { startHost } from '../../local/functions-host/child.ts';

const root = join(import.meta.dirname, '../..');
const runs = 5;

interface Start {
  readonly registeredMs: number;
  readonly loadMs: number;
}

/** Enough for the app to register its functions. Nothing answers at these addresses, and nothing is waited for. */
const env = {
  ServiceBusConnection:
    'Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=local;SharedAccessKey=none;UseDevelopmentEmulator=true',
  TablesConnection:
    'DefaultEndpointsProtocol=http;AccountName=local;AccountKey=bm9uZQ==;TableEndpoint=http://127.0.0.1:9/local',
  CHECKOUT_QUEUE: 'checkout-jobs',
  URGENT_QUEUE: 'checkout-urgent',
  PARTNER_TENANT_ID: '00000000-0000-4000-8000-000000000001',
  PARTNER_CLIENT_ID: '00000000-0000-4000-8000-000000000002',
};

const withTelemetry = {
  ...env,
  APPLICATIONINSIGHTS_CONNECTION_STRING:
    'InstrumentationKey=00000000-0000-4000-8000-000000000003;IngestionEndpoint=https://127.0.0.1:9/',
};

async function start(appRoot: string, settings: typeof env = env): Promise<Start> {
  const host = await startHost({ appRoot, env: settings });
  await host.kill();
  return host;
}

async function buildUnbundled(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['functions/main.ts'],
    outfile: join(folder, 'main.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    packages: 'external',
  });
  writeFileSync(join(folder, 'package.json'), '{"main":"main.cjs"}');
  copyFileSync(join(root, 'host.json'), join(folder, 'host.json'));
}

function loadTelemetry(file: string): number {
  const script =
    'const begun = performance.now(); require(process.argv[1]); console.log(performance.now() - begun);';
  return Number(execFileSync(process.execPath, ['-e', script, file], { encoding: 'utf8' }));
}

function spread(numbers: readonly number[]) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  return { median: at(0.5), least: at(0), most: at(1) };
}

const summary = (starts: readonly Start[]) => ({
  registeredMs: spread(starts.map(({ registeredMs }) => registeredMs)),
  loadMs: spread(starts.map(({ loadMs }) => loadMs)),
});

export async function benchStart() {
  const bundle = await buildDist(root);
  mkdirSync(join(root, '.local'), { recursive: true });
  // Inside the project, so that the packages are found.
  const unbundledRoot = mkdtempSync(join(root, '.local', 'unbundled-'));
  try {
    await buildUnbundled(unbundledRoot);
    const telemetryFile = join(root, 'dist/telemetry.cjs');
    const bundled: Start[] = [];
    const telling: Start[] = [];
    const telemetryLoads: number[] = [];
    const unbundled: Start[] = [];
    // One of each to warm the disk; then in turn, so that a busy machine slows both.
    for (let run = 0; run <= runs; run += 1) {
      const each = [
        await start(join(root, 'dist')),
        await start(unbundledRoot),
        await start(join(root, 'dist'), withTelemetry),
        loadTelemetry(telemetryFile),
      ] as const;
      if (run === 0) continue;
      bundled.push(each[0]);
      unbundled.push(each[1]);
      telling.push(each[2]);
      telemetryLoads.push(each[3]);
    }
    const [b, u] = [summary(bundled), summary(unbundled)];
    return {
      node: process.version,
      cores: availableParallelism(),
      runs,
      bundle: {
        bytes: bundle.bytes,
        allBytes: bundle.allBytes,
        gzipBytes: gzipSync(readFileSync(bundle.file)).length,
        files: bundle.inputs,
        ...b,
      },
      withTelemetry: { ...summary(telling), telemetryLoadMs: spread(telemetryLoads) },
      unbundled: u,
      /** Bundled ÷ unbundled. */
      goal: { load: 0.5 },
      ratio: {
        registered: Number((b.registeredMs.median / u.registeredMs.median).toFixed(2)),
        load: Number((b.loadMs.median / u.loadMs.median).toFixed(2)),
      },
    };
  } finally {
    rmSync(unbundledRoot, { recursive: true, force: true });
  }
}
