import { expect, test } from 'vitest';
import type { Change, StoredRow, Table } from '../../src/ports/table.ts';

let partitions = 0;
/** A partition of its own for each test: the tables are shared. */
export const newPartition = (): string => `p${process.pid}-${++partitions}`;

const stale = `W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`;

export async function all(rows: AsyncIterable<StoredRow>): Promise<StoredRow[]> {
  const read: StoredRow[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

const bytesOf = (row: StoredRow | undefined): readonly number[] => {
  const bytes = row?.properties['bytes'];
  return bytes instanceof Uint8Array ? [...bytes] : [];
};

/** What every `Table` does: keeps the table of the simulation as honest as Azurite. */
export function tableContract(open: () => Table): void {
  const row = (partition: string, key: string, properties: StoredRow['properties'] = {}) => ({
    partition,
    key,
    properties,
  });
  const insert = (partition: string, key: string, properties: StoredRow['properties'] = {}): Change => ({
    kind: 'insert',
    row: row(partition, key, properties),
  });
  const refused = (refusal: string) => ({ kind: 'refused', refusal });

  test('a row comes back as it went in', async () => {
    const table = open();
    const partition = newPartition();
    const key = `order: A+b@=._-'ö`;
    const properties = {
      text: 'ö\u{1f600}"\n',
      empty: '',
      zero: 0,
      small: -2_147_483_648,
      time: 1_795_000_000_123,
      large: Number.MAX_SAFE_INTEGER,
      price: 12.34,
      yes: true,
      no: false,
      bytes: new Uint8Array([0, 255, 10]),
    };
    const written = await table.change(insert(partition, key, properties));
    const read = await table.get(partition, key);
    expect(read).toMatchObject({ partition, key, etag: written.kind === 'done' ? written.etag : 'refused' });
    expect({ ...read?.properties, bytes: [] }).toStrictEqual({ ...properties, bytes: [] });
    expect(bytesOf(read)).toEqual([0, 255, 10]);
    expect(read?.etag).not.toBe('');
  });

  test('keys are case-sensitive', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'order:aB'));
    expect(await table.get(partition, 'order:AB')).toBeUndefined();
    expect((await table.change(insert(partition, 'order:AB'))).kind).toBe('done');
  });

  test('what is not there is undefined', async () => {
    expect(await open().get(newPartition(), 'nothing')).toBeUndefined();
  });

  test('insert is refused when the row exists', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'a', { n: 1 }));
    expect(await table.change(insert(partition, 'a', { n: 2 }))).toEqual(refused('exists'));
    expect((await table.get(partition, 'a'))?.properties).toEqual({ n: 1 });
  });

  test('replace drops the properties that it does not name, with or without an ETag', async () => {
    const table = open();
    const partition = newPartition();
    const first = await table.change({ kind: 'replace', row: row(partition, 'a', { x: 1, y: 1 }) });
    expect(first.kind).toBe('done');
    await table.change({ kind: 'replace', row: row(partition, 'a', { x: 2 }) });
    const read = await table.get(partition, 'a');
    expect(read?.properties).toEqual({ x: 2 });
    const third = await table.change({
      kind: 'replace',
      row: row(partition, 'a', { z: 3 }),
      etag: read?.etag ?? '',
    });
    expect(third.kind).toBe('done');
    expect((await table.get(partition, 'a'))?.properties).toEqual({ z: 3 });
  });

  test('replace with an ETag: changed when it is stale, missing when there is no row', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'a', { n: 1 }));
    expect(await table.change({ kind: 'replace', row: row(partition, 'a'), etag: stale })).toEqual(
      refused('changed'),
    );
    expect(await table.change({ kind: 'replace', row: row(partition, 'b'), etag: stale })).toEqual(
      refused('missing'),
    );
    expect((await table.get(partition, 'a'))?.properties).toEqual({ n: 1 });
  });

  test('remove: done, then missing; changed when the ETag is stale', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'a'));
    expect(await table.change({ kind: 'remove', partition, key: 'a', etag: stale })).toEqual(
      refused('changed'),
    );
    const etag = (await table.get(partition, 'a'))?.etag ?? '';
    expect((await table.change({ kind: 'remove', partition, key: 'a', etag })).kind).toBe('done');
    expect(await table.change({ kind: 'remove', partition, key: 'a' })).toEqual(refused('missing'));
  });

  test('a transaction is done as a whole, with an ETag for each row', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'gone'));
    const kept = await table.change(insert(partition, 'kept'));
    const result = await table.transact([
      insert(partition, 'new', { n: 1 }),
      { kind: 'replace', row: row(partition, 'kept', { n: 2 }), etag: kept.kind === 'done' ? kept.etag : '' },
      { kind: 'replace', row: row(partition, 'put', { n: 3 }) },
      { kind: 'remove', partition, key: 'gone' },
    ]);
    const rows = await all(table.rows({ partition, from: '', to: '~' }));
    expect(rows.map(({ key, properties }) => [key, properties['n']])).toEqual([
      ['kept', 2],
      ['new', 1],
      ['put', 3],
    ]);
    expect(result).toMatchObject({ kind: 'done' });
    const etags = result.kind === 'done' ? result.etags : [];
    expect([etags[1], etags[0], etags[2]]).toEqual(rows.map(({ etag }) => etag));
  });

  test.each([
    ['exists', (partition: string): Change => insert(partition, 'there')],
    [
      'changed',
      (partition: string): Change => ({ kind: 'replace', row: row(partition, 'there'), etag: stale }),
    ],
    ['missing', (partition: string): Change => ({ kind: 'replace', row: row(partition, 'no'), etag: stale })],
    ['missing', (partition: string): Change => ({ kind: 'remove', partition, key: 'no' })],
  ] as const)('a transaction refused as %s writes nothing and names the change', async (refusal, change) => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'there'));
    const result = await table.transact([insert(partition, 'new'), change(partition)]);
    expect(result).toEqual({ kind: 'refused', refusal, index: 1 });
    expect(await table.get(partition, 'new')).toBeUndefined();
  });

  test('a hundred changes fit into a transaction', async () => {
    const table = open();
    const partition = newPartition();
    const [first, ...rest] = Array.from({ length: 100 }, (_, n) => insert(partition, `k${n}`));
    if (first === undefined) throw new Error('no change');
    expect((await table.transact([first, ...rest])).kind).toBe('done');
    expect(await all(table.rows({ partition, from: 'k', to: 'l' }))).toHaveLength(100);
  });

  test('rows: from is included, to is not, in the order of the keys, of one partition', async () => {
    const table = open();
    const partition = newPartition();
    for (const key of ['b', 'a:1', 'B', 'a', 'c', 'a:10', 'a:2']) await table.change(insert(partition, key));
    await table.change(insert(newPartition(), 'a:3'));
    const keys = (await all(table.rows({ partition, from: 'a', to: 'c' }))).map(({ key }) => key);
    expect(keys).toEqual(['a', 'a:1', 'a:10', 'a:2', 'b']);
  });

  test('rows: select leaves out the others, and what a row lacks', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'a', { x: 1, y: 2 }));
    await table.change(insert(partition, 'b', { y: 2 }));
    const rows = await all(table.rows({ partition, from: '', to: '~', select: ['x'] }));
    expect(rows.map(({ key, properties }) => [key, properties])).toEqual([
      ['a', { x: 1 }],
      ['b', {}],
    ]);
    expect(rows.every(({ etag }) => etag !== '')).toBe(true);
  });

  test('rows: only those whose properties are equal to what is asked for', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'a', { open: true, kind: "an 'odd' one" }));
    await table.change(insert(partition, 'b', { open: false, kind: "an 'odd' one" }));
    await table.change(insert(partition, 'c', { kind: 'x' }));
    const keys = async (where: Record<string, string | boolean>) =>
      (await all(table.rows({ partition, from: '', to: '~', where }))).map(({ key }) => key);
    expect(await keys({ open: true })).toEqual(['a']);
    expect(await keys({ kind: "an 'odd' one" })).toEqual(['a', 'b']);
    expect(await keys({ kind: "an 'odd' one", open: false })).toEqual(['b']);
    expect(await keys({ kind: "x' or kind ne 'x" })).toEqual([]);
  });

  test('merge: changes what it names, keeps the rest, and gives a new ETag', async () => {
    const table = open();
    const partition = newPartition();
    const first = await table.change(insert(partition, 'a', { x: 1, y: 'old', dueAt: 1_795_000_000_123 }));
    const merged = await table.change({
      kind: 'merge',
      row: row(partition, 'a', { y: 'new', z: true, dueAt: 0 }),
    });
    const read = await table.get(partition, 'a');
    expect(read?.properties).toEqual({ x: 1, y: 'new', z: true, dueAt: 0 });
    expect(merged).toEqual({ kind: 'done', etag: read?.etag });
    expect(merged).not.toEqual(first);
  });

  test('merge never inserts: alone, or with others in a transaction, which then writes nothing', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(insert(partition, 'there', { n: 1 }));
    const merge = (key: string): Change => ({ kind: 'merge', row: row(partition, key, { n: 2 }) });
    expect(await table.change(merge('gone'))).toEqual(refused('missing'));
    expect(await table.transact([merge('there'), merge('gone')])).toEqual({
      kind: 'refused',
      refusal: 'missing',
      index: 1,
    });
    const rows = await all(table.rows({ partition, from: '', to: '~' }));
    expect(rows.map(({ key, properties }) => [key, properties])).toEqual([['there', { n: 1 }]]);
    await table.change(insert(partition, 'other', { n: 1, m: 1 }));
    expect((await table.transact([merge('there'), merge('other')])).kind).toBe('done');
    expect((await table.get(partition, 'other'))?.properties).toEqual({ n: 2, m: 1 });
  });

  test('rows: numbers at most, and above; a property that is missing matches nothing', async () => {
    const table = open();
    const partition = newPartition();
    const time = 1_795_000_000_123;
    for (const [key, dueAt] of [
      ['zero', 0],
      ['small', 7],
      ['half', 7.5],
      ['below', time - 1],
      ['equal', time],
      ['more', time + 1],
    ] as const)
      await table.change(insert(partition, key, { dueAt }));
    await table.change(insert(partition, 'none', { wokenAt: 1 }));
    const keys = async (dueAt: { atMost: number } | { above: number }) =>
      (await all(table.rows({ partition, from: '', to: '~', where: { dueAt } })))
        .map(({ key }) => key)
        .toSorted();
    expect(await keys({ atMost: time })).toEqual(['below', 'equal', 'half', 'small', 'zero']);
    expect(await keys({ above: time })).toEqual(['more']);
    expect(await keys({ atMost: 7 })).toEqual(['small', 'zero']);
    expect(await keys({ above: 7 })).toEqual(['below', 'equal', 'half', 'more']);
    expect(await keys({ above: 7.5 })).toEqual(['below', 'equal', 'more']);
    expect(await keys({ atMost: 0 })).toEqual(['zero']);
    expect(await keys({ above: 0 })).toEqual(['below', 'equal', 'half', 'more', 'small']);
  });

  test('rows: several conditions hold together; of `or` one at least, and an `or` of several conditions', async () => {
    const table = open();
    const partition = newPartition();
    const time = 1_795_000_000_123;
    await table.change(insert(partition, 'settled', { dueAt: time, state: 'failed' }));
    await table.change(insert(partition, 'late', { dueAt: time, state: 'waiting', notAfter: time - 5 }));
    await table.change(insert(partition, 'open', { dueAt: time, state: 'waiting', notAfter: time + 5 }));
    await table.change(insert(partition, 'plain', { dueAt: time, state: 'waiting' }));
    await table.change(insert(partition, 'later', { dueAt: time + 1, state: 'failed' }));
    await table.change(insert(partition, 'bare'));
    const keys = async (query: Pick<Parameters<Table['rows']>[0], 'where' | 'or'>) =>
      (await all(table.rows({ partition, from: '', to: '~', ...query }))).map(({ key }) => key);
    const due = { dueAt: { atMost: time } };
    expect(
      await keys({ where: due, or: [{ state: ['failed', 'partial'] }, { notAfter: { atMost: time } }] }),
    ).toEqual(['late', 'settled']);
    expect(
      await keys({
        or: [
          { state: 'failed', ...due },
          { state: 'waiting', notAfter: { above: time } },
        ],
      }),
    ).toEqual(['open', 'settled']);
    expect(await keys({ where: { ...due, notAfter: { above: 0 } } })).toEqual(['late', 'open']);
    expect(await keys({ where: due, or: [] })).toEqual(['late', 'open', 'plain', 'settled']);
  });

  test('rows after a place: later in its partition, and all of the partitions after it', async () => {
    const table = open();
    const word = newPartition();
    for (const [partition, key] of [
      [`${word}1`, 'cart:a'],
      [`${word}1`, 'cart:b'],
      [`${word}1`, 'order:a'],
      [`${word}2`, 'cart:a'],
      [`${word}3`, 'cart:0'],
    ] as const)
      await table.change(insert(partition, key, { word }));
    const found = async (after?: { partition: string; key: string }) => {
      const rows = await all(
        table.rows({
          from: 'cart:',
          to: 'cart:\uffff',
          where: { word },
          ...(after === undefined ? {} : { after }),
        }),
      );
      return rows.map(({ partition, key }) => `${partition.slice(word.length)} ${key}`);
    };
    expect(await found()).toEqual(['1 cart:a', '1 cart:b', '2 cart:a', '3 cart:0']);
    expect(await found({ partition: `${word}1`, key: 'cart:a' })).toEqual([
      '1 cart:b',
      '2 cart:a',
      '3 cart:0',
    ]);
    expect(await found({ partition: `${word}1`, key: 'cart:b' })).toEqual(['2 cart:a', '3 cart:0']);
    // The place itself may be gone.
    expect(await found({ partition: `${word}1`, key: 'cart:aa' })).toEqual([
      '1 cart:b',
      '2 cart:a',
      '3 cart:0',
    ]);
    expect(await found({ partition: `${word}3`, key: 'cart:0' })).toEqual([]);
  });

  test('rows of every partition, one after the other; and equal to one of several', async () => {
    const table = open();
    const word = newPartition();
    for (const [partition, key, state] of [
      [`${word}2`, 'a', 'x'],
      [`${word}1`, 'b', 'y'],
      [`${word}1`, 'a', 'z'],
      [`${word}3`, 'c', 'x'],
    ] as const)
      await table.change(insert(partition, key, { word, state }));
    const found = await all(table.rows({ from: 'a', to: 'c', where: { word, state: ['x', 'y'] } }));
    expect(found.map(({ partition, key }) => [partition, key])).toEqual([
      [`${word}1`, 'b'],
      [`${word}2`, 'a'],
    ]);
  });

  test('rows: more than one page', async () => {
    const table = open();
    const partition = newPartition();
    for (let part = 0; part < 11; part++) {
      const [first, ...rest] = Array.from({ length: 100 }, (_, n) =>
        insert(partition, `k${String(part * 100 + n).padStart(4, '0')}`),
      );
      if (first === undefined) throw new Error('no change');
      await table.transact([first, ...rest]);
    }
    const rows = await all(table.rows({ partition, from: 'k', to: 'l' }));
    expect(rows).toHaveLength(1_100);
    expect(rows.map(({ key }) => key)).toEqual(rows.map(({ key }) => key).toSorted());
  });

  test('a text of 32,768 units and 64 KiB of bytes fit into a property', async () => {
    const table = open();
    const partition = newPartition();
    await table.change(
      insert(partition, 'a', { text: 'ö'.repeat(32_768), bytes: new Uint8Array(65_536).fill(7) }),
    );
    const read = await table.get(partition, 'a');
    expect(read?.properties['text']).toBe('ö'.repeat(32_768));
    expect(bytesOf(read)).toEqual(Array.from({ length: 65_536 }, () => 7));
  });
}
