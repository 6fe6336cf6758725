import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wrongImports } from '../../local/check-imports.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imports-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, source: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), source);
}

describe('each rule catches', () => {
  test.each([
    [
      'src/checkout/run.ts',
      `import type { InvocationContext } from '@azure/functions';`,
      'only functions/ knows',
    ],
    ['test/unit/a.test.ts', `import { app } from '@azure/functions';`, 'only functions/ knows'],
    ['local/host.ts', `await import${`('@azure/functions/types')`};`, 'only functions/ knows'],
    ['src/checkout/run.ts', `import { TableClient } from '@azure/data-tables';`, 'SDKs stay in the adapters'],
    [
      'functions/main.ts',
      `import {\n  ServiceBusClient,\n} from '@azure/service-bus';`,
      'SDKs stay in the adapters',
    ],
    ['src/ports/clock.ts', `import { main } from '../functions/main.ts';`, 'src stands alone'],
    ['src/ports/clock.ts', `export * from '../local/clock.ts';`, 'src stands alone'],
    ['src/a/b/clock.ts', `import '../../../test/unit/fake.ts';`, 'src stands alone'],
    ['functions/main.ts', `import { startAzurite } from '../local/azurite.ts';`, 'never deployed'],
    ['functions/main.ts', `import { fake } from '../test/unit/fake.ts';`, 'never deployed'],
    ['src/ports/gate.ts', `import { table } from '../storage/azure-table.ts';`, 'adapters are handed in'],
    ['src/polling/poll-due.ts', `import { queue } from '../messaging/queue.ts';`, 'adapters are handed in'],
    [
      'src/checkout/run.ts',
      `import { client } from '../partner-center/client.ts';`,
      'adapters are handed in',
    ],
    [
      'local/partner-center/carts.ts',
      `import { judge } from '../../src/domain/checkout/call-outcome.ts';`,
      'share no rule',
    ],
    ['local/night.ts', `import type { Gate } from '../src/ports/gate.ts';`, 'share no rule'],
    [
      'local/service-bus/broker.ts',
      `import { serverClock } from '../partner-center/clock.ts';`,
      'leave as a package',
    ],
    [
      'local/service-bus/broker.ts',
      `import type { Clock } from '../../src/ports/clock.ts';`,
      'leave as a package',
    ],
  ])('%s: %s', (file, source, reason) => {
    write(file, source);
    expect(wrongImports(root)).toEqual([expect.stringContaining(reason)]);
  });
});

test('what is allowed passes', () => {
  write(
    'functions/main.ts',
    `import { app } from '@azure/functions';\nimport { runJob } from '../src/checkout/handle-delivery.ts';`,
  );
  write('src/adapters/azure-tables/gate-store-table.ts', `import type { Table } from '../storage/table.ts';`);
  write('src/storage/tables.ts', `import { TableClient } from '@azure/data-tables';`);
  write(
    'src/adapters/partner-auth/credentials.ts',
    `import { DefaultAzureCredential } from '@azure/identity';`,
  );
  write('src/ports/telemetry.ts', `import { useAzureMonitor } from '@azure/monitor-opentelemetry';`);
  write('src/checkout/run.ts', `import type { PartnerCenter } from '../partner-center/api.ts';`);
  write('local/partner-center/clock.ts', `import type { Clock } from '../../src/ports/clock.ts';`);
  write('local/functions-host/service-bus.ts', `import { ServiceBusClient } from '@azure/service-bus';`);
  write('local/service-bus/broker.ts', `import rhea from 'rhea';\nimport { queue } from './queue.ts';`);
  write('test/unit/a.test.ts', "const source = `\n  import { app } from '@azure/functions';`;");
  expect(wrongImports(root)).toEqual([]);
});

test('a finding names file, line and import; the command prints it and fails', () => {
  write(
    'src/ports/gate.ts',
    `/** A gate. */\nimport { ok } from './permit.ts';\nexport type { Table } from '../storage/keys.ts';\n`,
  );
  const command = () =>
    execFileSync(process.execPath, [join(import.meta.dirname, '../../local/check-imports.ts'), root], {
      encoding: 'utf8',
    });
  expect(command).toThrow(
    expect.objectContaining({
      status: 1,
      stdout: expect.stringMatching(/^src\/gate\/gate\.ts:3: imports src\/storage\/keys\.ts: .+\n$/),
    }),
  );
});

test('the project itself keeps the rules', () => {
  expect(wrongImports(join(import.meta.dirname, '../..'))).toEqual([]);
});
