/** Promise: a configuration file of Microsoft's emulator starts a broker of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';

test("a file of Microsoft's emulator starts a broker of its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const file = join(folder, 'config.json');
  const config = { UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Queues: [{ Name: 'mine' }] }] } };
  writeFileSync(file, `\uFEFF${JSON.stringify(config)}`);
  const main = join(import.meta.dirname, '../../local/service-bus/main.ts');
  const child = spawn(process.execPath, [main, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [connectionString] = await once(createInterface({ input: child.stdout }), 'line');
    const client = new ServiceBusClient(String(connectionString));
    await client.createSender('mine').sendMessages({ body: 'hello' });
    const [message] = await client.createReceiver('mine').receiveMessages(1);
    expect(message?.body).toBe('hello');
    await client.close();
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
