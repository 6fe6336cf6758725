/** Promise: the table of the tests does what Azurite's does, and failures say what was tried. */

import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite.ts';
import { toEntity } from '../../src/adapters/azure-tables/azure-entity.ts';
import { type AzureTables, azureTables } from '../../src/adapters/azure-tables/azure-tables.ts';
import type { ServerTime } from '../../src/ports/storage-clock.ts';
import { memoryTable } from '../support/memory-table.ts';
import { all, newPartition, tableContract } from './table-contract.ts';

const times: ServerTime[] = [];
let azurite: Azurite;
let tables: AzureTables;
beforeAll(async () => {
  azurite = await startAzurite();
  const { connectionString } = azurite;
  tables = azureTables({ kind: 'connection-string', connectionString }, (time) => times.push(time));
  await tables.ensure();
});
afterAll(() => azurite.stop());

describe('the table of the tests', () => {
  const table = memoryTable();
  tableContract(() => table);
});

describe('the table of Azurite', () => {
  tableContract(() => tables.checkouts);

  test('ensure leaves tables that exist alone', async () => {
    await tables.ensure();
  });

  test('each answer tells the time of the service', async () => {
    times.length = 0;
    await tables.gate.get(newPartition(), 'gate');
    await tables.gate.transact([{ kind: 'replace', row: { partition: 'p', key: 'k', properties: {} } }]);
    expect(times).toHaveLength(2);
    for (const { date, sentAt, receivedAt } of times) {
      expect(date % 1_000).toBe(0);
      expect(Math.abs(date - sentAt)).toBeLessThan(2_000);
      expect(receivedAt).toBeGreaterThanOrEqual(sentAt);
    }
  });
});

/** A service that answers as it is told; what it was asked stands in `asked`. */
async function withService(
  answer: (
    asked: number,
    url: string,
  ) => { status: number; body?: string; headers?: Record<string, string>; drop?: boolean },
  run: (connectionString: string) => Promise<void>,
): Promise<number> {
  let asked = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    const { status, body, headers, drop } = answer(++asked, decodeURIComponent(request.url ?? ''));
    if (drop === true) return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    await run(
      `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=c2VjcmV0LWtleQ==;TableEndpoint=http://127.0.0.1:${port}/acct;`,
    );
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return asked;
}

const tablesAt = (connectionString: string) => azureTables({ kind: 'connection-string', connectionString });
const error = (code: string) =>
  JSON.stringify({
    'odata.error': { code, message: { lang: 'en-US', value: `${code} said.\nRequestId:1` } },
  });
const insert = { kind: 'insert', row: { partition: 'p', key: 'k', properties: {} } } as const;

describe('a table service that fails', () => {
  test('5xx is repeated, then told as unavailable: what was tried, which keys, what came back', async () => {
    const asked = await withService(
      () => ({ status: 503, body: error('ServerBusy') }),
      async (connection) => {
        const failure = await tablesAt(connection)
          .checkouts.change(insert)
          .catch((thrown: unknown) => thrown);
        expect(failure).toMatchObject({ name: 'Unavailable', what: 'storage' });
        expect(String(failure)).toMatch(/insert row k, partition p of table Checkouts.*503 ServerBusy/);
        expect(String(failure)).not.toContain('c2VjcmV0');
      },
    );
    expect(asked).toBe(5);
  });

  test('a connection that is cut is repeated', async () => {
    const asked = await withService(
      (count) => (count < 3 ? { status: 0, drop: true } : { status: 404, body: error('ResourceNotFound') }),
      async (connection) => expect(await tablesAt(connection).checkouts.get('p', 'k')).toBeUndefined(),
    );
    expect(asked).toBe(3);
  });

  test.each([
    [404, 'TableNotFound', /ensureTables/],
    [409, 'TableBeingDeleted', /409 TableBeingDeleted/],
    [403, 'AuthorizationFailure', /Storage Table Data Contributor/],
    [401, 'InvalidAuthenticationInfo', /Storage Table Data Contributor/],
  ])('%d %s is an outage for every request', async (status, code, says) => {
    await withService(
      () => ({ status, body: error(code) }),
      async (connection) => {
        const { checkouts } = tablesAt(connection);
        for (const attempt of [
          () => checkouts.get('p', 'k'),
          () => checkouts.change(insert),
          () => checkouts.transact([insert]),
          () => all(checkouts.rows({ partition: 'p', from: 'a', to: 'b' })),
        ])
          await expect(attempt()).rejects.toThrow(says);
        await expect(checkouts.get('p', 'k')).rejects.toMatchObject({ name: 'Unavailable' });
      },
    );
  });

  test('400 is a bug of ours, and not an outage', async () => {
    await withService(
      () => ({ status: 400, body: error('PropertyValueTooLarge') }),
      async (connection) =>
        expect(tablesAt(connection).checkouts.change(insert)).rejects.toMatchObject({
          name: 'RefusedRequest',
        }),
    );
  });

  test('a transaction with fewer answers than changes is no success', async () => {
    await withService(
      () => ({
        status: 202,
        body: '--batchresponse_1\r\n\r\n--changesetresponse_1\r\nHTTP/1.1 204 No Content\r\n\r\n--changesetresponse_1--\r\n',
      }),
      async (connection) =>
        expect(tablesAt(connection).checkouts.transact([insert, insert])).rejects.toMatchObject({
          name: 'Unavailable',
        }),
    );
  });

  test('a number that is none is refused before it is sent', async () => {
    await withService(
      () => ({ status: 204 }),
      async (connection) =>
        expect(
          tablesAt(connection).checkouts.change({
            kind: 'insert',
            row: { partition: 'p', key: 'k', properties: { n: Number.NaN } },
          }),
        ).rejects.toThrow('Property n is NaN'),
    );
  });

  test('a page without rows is not the end, if the service says where to go on', async () => {
    // A filter on other columns than the keys reads on for seconds, and then answers with whatever it has found.
    const urls: string[] = [];
    const asked = await withService(
      (count, url) => {
        urls.push(url);
        const row = { 'odata.etag': 'e', PartitionKey: 'p', RowKey: `k${count}` };
        const body = JSON.stringify({ value: count === 3 ? [row] : [] });
        const next = {
          'x-ms-continuation-NextPartitionKey': '1!4!cA--',
          'x-ms-continuation-NextRowKey': `1!4!${count}`,
        };
        return { status: 200, body, headers: count < 4 ? next : {} };
      },
      async (connection) => {
        const rows = await all(tablesAt(connection).schedule.rows({ partition: 'p', from: 'a', to: 'z' }));
        expect(rows.map(({ key }) => key)).toEqual(['k3']);
      },
    );
    expect(asked).toBe(4);
    expect(urls[1]).toContain('NextRowKey=1!4!1');
  });

  test('a filter compares numbers as doubles, in columns that are always stored as doubles', async () => {
    const urls: string[] = [];
    await withService(
      (_, url) => {
        urls.push(url);
        return { status: 200, body: '{"value":[]}' };
      },
      async (connection) => {
        const { schedule } = tablesAt(connection);
        const range = { partition: 'p', from: 'a', to: 'b' };
        const where = { dueAt: { atMost: 1_795_000_000_123 }, wokenAt: { above: 0 } };
        await all(
          schedule.rows({ ...range, where, or: [{ notAfter: { atMost: 0.5 } }, { state: ['x', 'y'] }] }),
        );
        await expect(all(schedule.rows({ ...range, where: { polls: { above: 1 } } }))).rejects.toThrow(
          /polls/,
        );
      },
    );
    expect(urls).toEqual([
      expect.stringContaining(
        "PartitionKey eq 'p' and RowKey ge 'a' and RowKey lt 'b' and dueAt le 1795000000123.0 and wokenAt gt 0.0 and ((notAfter le 0.5) or ((state eq 'x' or state eq 'y')))",
      ),
    ]);
    for (const name of ['dueAt', 'notAfter', 'wokenAt'])
      for (const value of [0, 7, 1_795_000_000_123])
        expect(toEntity({ partition: 'p', key: 'k', properties: { [name]: value } })[name]).toEqual({
          type: 'Double',
          value,
        });
  });
});
