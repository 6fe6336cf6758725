/**
 * The local Functions host as a process of its own, so that it can be killed and started again:
 * `node local/functions-host/main.ts [--app-root dir] [--settings local.settings.json] [--state dir] [--stops drain|azure]`.
 * Log lines go to stderr. When every function is registered and listening, one JSON line goes to stdout, and to the
 * parent as a message: `{ "ready": { "functions": [...], "address": "http://127.0.0.1:7071", "registeredMs": 210, "loadMs": 120 } }`.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from './clock.ts';
import { HostStartError, textOf } from './errors.ts';
import { startFunctionsHost } from './host.ts';
import { readIfThere } from './load.ts';
import { withLocalSettings } from './settings.ts';

const { values } = parseArgs({
  options: {
    'app-root': { type: 'string' },
    settings: { type: 'string' },
    state: { type: 'string' },
    stops: { type: 'string', default: 'drain' },
  },
});

// A host whose parent died would keep taking messages that nobody expects it to take.
process.on('disconnect', () => process.exit(1));

try {
  const appRoot = resolve(values['app-root'] ?? '.');
  const settingsFile = resolve(values.settings ?? join(appRoot, 'local.settings.json'));
  const env = withLocalSettings(process.env, readIfThere(settingsFile), settingsFile);
  Object.assign(process.env, env, { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' });
  const host = await startFunctionsHost({
    appRoot,
    env,
    clock: systemClock,
    write: (line) => process.stderr.write(`${line}\n`),
    stateFolder: values.state,
    stops: values.stops === 'azure' ? 'azure' : 'drain',
  });
  stopOnSignal(host.stop);
  const { functions, address, registeredMs, loadMs } = host;
  const ready = { ready: { functions, address, registeredMs, loadMs } };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
} catch (error) {
  process.stderr.write(`${error instanceof HostStartError ? error.message : textOf(error)}\n`);
  process.exit(1);
}

/** The first signal drains, the second ends the process at once. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = async (): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    const when = values.stops === 'azure' ? 'as Azure does' : 'when all that runs has ended';
    process.stderr.write(`Stopping ${when}; a second signal ends it at once.\n`);
    try {
      await stop();
      process.exit(0);
    } catch (error) {
      process.stderr.write(`Stopping failed: ${textOf(error)}\n`);
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
