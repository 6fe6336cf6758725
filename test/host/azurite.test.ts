/** Promise: local tables start side by side and keep their rows in a folder. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite.ts';

const tableOf = ({ connectionString }: Azurite): TableClient =>
  TableClient.fromConnectionString(connectionString, 'Sample', {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });

test('two at a time, each with tables of its own; a stopped one answers no more', async () => {
  const one = await startAzurite();
  const other = await startAzurite();
  try {
    await tableOf(one).createTable();
    await tableOf(one).createEntity({ partitionKey: 'p', rowKey: 'r', value: 1 });
    expect(await tableOf(one).getEntity('p', 'r')).toMatchObject({ value: 1 });
    await expect(tableOf(other).getEntity('p', 'r')).rejects.toMatchObject({ statusCode: 404 });
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
  await expect(tableOf(one).getEntity('p', 'r')).rejects.toThrow('ECONNREFUSED');
});

test('a folder keeps the tables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'azurite-'));
  try {
    const before = await startAzurite({ folder });
    await tableOf(before).createTable();
    await tableOf(before).createEntity({ partitionKey: 'p', rowKey: 'r', value: 1 });
    await before.stop();
    const after = await startAzurite({ folder });
    try {
      expect(await tableOf(after).getEntity('p', 'r')).toMatchObject({ value: 1 });
    } finally {
      await after.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
