/** The port `Table` over one table of a storage account: the only place that calls the SDK of Table Storage. */

import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import type {
  Change,
  ChangeResult,
  Condition,
  StoredRow,
  Table,
  TransactionResult,
  Where,
} from '../../ports/table.ts';
import { doubleLiteral, fromEntity, toEntity } from './azure-entity.ts';
import { refusalOf, refusedIndex, storageFailure } from './azure-failure.ts';

/** A request ends within this, the client's own retries included: a delivery has a lock to keep. */
const requestLimitMs = 9_000;
const limited = () => ({ abortSignal: AbortSignal.timeout(requestLimitMs) });

/** `Table` over one table of an Azure storage account. */
export function azureTable(client: TableClient): Table {
  const failed = (tried: string, error: unknown) => storageFailure(tried, client.tableName, error);

  async function get(partition: string, key: string): Promise<StoredRow | undefined> {
    try {
      return fromEntity(await client.getEntity(partition, key, limited()));
    } catch (error) {
      if (refusalOf(error) === 'missing') return undefined;
      throw failed(`read row ${key}, partition ${partition}, of`, error);
    }
  }

  async function change(wanted: Change): Promise<ChangeResult> {
    try {
      return { kind: 'done', etag: await send(client, wanted) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) return { kind: 'refused', refusal };
      throw failed(`${describe(wanted)} of`, error);
    }
  }

  async function transact(changes: readonly [Change, ...Change[]]): Promise<TransactionResult> {
    const tried = `${changes.map(describe).join(' + ')}, in one transaction, of`;
    const answers = await client.submitTransaction(changes.map(toAction), limited()).then(
      (answer) => answer.subResponses,
      (error: unknown) => {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw failed(tried, error);
        return { kind: 'refused', refusal, index: refusedIndex(error) } as const;
      },
    );
    if ('kind' in answers) return answers;
    // The client throws for a refused change only when its answer holds JSON; fewer answers than changes are no success.
    const statuses = answers.map((answer) => answer.status);
    if (statuses.length !== changes.length || statuses.some((status) => status >= 300))
      throw failed(tried, new Error(`${changes.length} changes were answered by [${statuses.join(', ')}]`));
    return { kind: 'done', etags: answers.map((answer) => answer.etag ?? '') };
  }

  async function* rows({
    partition,
    from,
    to,
    select,
    where = {},
    or = [],
    after,
  }: Parameters<Table['rows']>[0]): AsyncIterable<StoredRow> {
    const queryOptions = {
      filter: [
        ...(partition === undefined ? [] : [odata`PartitionKey eq ${partition}`]),
        odata`RowKey ge ${from} and RowKey lt ${to}`,
        ...conditions(where),
        ...(or.length === 0
          ? []
          : [`(${or.map((one) => `(${conditions(one).join(' and ')})`).join(' or ')})`]),
        ...(after === undefined
          ? []
          : [
              odata`(PartitionKey gt ${after.partition} or (PartitionKey eq ${after.partition} and RowKey gt ${after.key}))`,
            ]),
      ].join(' and '),
      ...(select === undefined ? {} : { select: ['partitionKey', 'rowKey', ...select] }),
    };
    let continuationToken: string | undefined;
    do {
      // A page at a time, so that each has its own limit however long the reader takes between them.
      const pages = client
        .listEntities({ queryOptions, ...limited() })
        .byPage(continuationToken === undefined ? {} : { continuationToken });
      const page = await pages.next().catch((error: unknown) => {
        throw failed(
          `read rows ${from} to ${to}, ${partition === undefined ? 'all partitions' : `partition ${partition}`}, of`,
          error,
        );
      });
      if (page.done === true) return;
      for (const entity of page.value) yield fromEntity(entity);
      continuationToken = page.value.continuationToken;
    } while (continuationToken !== undefined);
  }

  return { get, change, transact, rows };
}

const conditions = (where: Where): readonly string[] =>
  Object.entries(where).map(([name, value]) => holds(name, value));

function holds(name: string, value: Condition): string {
  if (typeof value === 'object' && 'atMost' in value)
    return `${name} le ${doubleLiteral(name, value.atMost)}`;
  if (typeof value === 'object' && 'above' in value) return `${name} gt ${doubleLiteral(name, value.above)}`;
  const equals = (one: string | boolean) => `${name}${odata` eq ${one}`}`;
  return typeof value === 'string' || typeof value === 'boolean'
    ? equals(value)
    : `(${value.map(equals).join(' or ')})`;
}

/** Resolves to the new ETag; '' after a removal. */
async function send(client: TableClient, change: Change): Promise<string> {
  switch (change.kind) {
    case 'insert':
      return (await client.createEntity(toEntity(change.row), limited())).etag ?? '';
    case 'replace': {
      const entity = toEntity(change.row);
      const answer =
        change.etag === undefined
          ? await client.upsertEntity(entity, 'Replace', limited())
          : await client.updateEntity(entity, 'Replace', { ...limited(), etag: change.etag });
      return answer.etag ?? '';
    }
    case 'merge':
      return (
        (await client.updateEntity(toEntity(change.row), 'Merge', { ...limited(), etag: '*' })).etag ?? ''
      );
    case 'remove':
      await client.deleteEntity(change.partition, change.key, { ...limited(), etag: change.etag ?? '*' });
      return '';
  }
}

function toAction(change: Change): TransactionAction {
  switch (change.kind) {
    case 'insert':
      return ['create', toEntity(change.row)];
    case 'replace':
      return change.etag === undefined
        ? ['upsert', toEntity(change.row), 'Replace']
        : ['update', toEntity(change.row), 'Replace', { etag: change.etag }];
    case 'merge':
      return ['update', toEntity(change.row), 'Merge', { etag: '*' }];
    case 'remove':
      if (change.etag !== undefined)
        throw new TypeError(
          `${describe(change)}: the client cannot remove with an ETag inside a transaction`,
        );
      return ['delete', { partitionKey: change.partition, rowKey: change.key }];
  }
}

function describe(change: Change): string {
  const { partition, key } = change.kind === 'remove' ? change : change.row;
  return `${change.kind} row ${key}, partition ${partition}`;
}
