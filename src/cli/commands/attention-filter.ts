/** The options by which commands choose rows of the table Attention. */
import { type Command, Option } from 'commander';
import type { AttentionFilter } from '../../ports/attention-rows.ts';
import { guidIn, sinceIn } from '../session/arguments.ts';

export interface FilterOptions {
  readonly kind?: AttentionFilter['kind'];
  readonly code?: string;
  readonly batch?: string;
  readonly customer?: string;
  readonly since?: string;
}

/** The options that choose rows of the attention table. */
export const withFilter = (
  command: Command,
  kinds: readonly NonNullable<AttentionFilter['kind']>[],
): Command =>
  command
    .addOption(new Option('--kind <kind>', 'rows of one kind').choices(kinds))
    .option('--code <code>', 'rows with this code')
    .option('--batch <id>', 'rows of one batch')
    .option('--customer <id>', 'rows of one customer')
    .option('--since <time>', 'rows written since then: 30m, 6h, 2d, or an instant');

export const filterOf = (options: FilterOptions, now: number): AttentionFilter => ({
  ...(options.kind === undefined ? {} : { kind: options.kind }),
  ...(options.code === undefined ? {} : { code: options.code }),
  ...(options.batch === undefined ? {} : { batchId: options.batch }),
  ...(options.customer === undefined ? {} : { customerId: guidIn('--customer', options.customer) }),
  ...(options.since === undefined ? {} : { since: sinceIn(options.since, now) }),
});

export const isChosen = (options: FilterOptions): boolean =>
  [options.kind, options.code, options.batch, options.customer, options.since].some(
    (option) => option !== undefined,
  );
