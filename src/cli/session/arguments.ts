import type { Command } from 'commander';
import { describeValue } from '../../domain/looks-like.ts';
import type { CartKey } from '../../domain/message/job.ts';
import { CommandFailure, exit } from './cli-failure.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Throws `CommandFailure` with the name of the argument. */
export function guidIn(name: string, text: string): string {
  const id = text.trim().toLowerCase();
  if (guid.test(id)) return id;
  throw new CommandFailure(
    exit.usage,
    `${name} must be a GUID, like 7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10; it is ${describeValue(text)}.`,
  );
}

export const cartIn = (customer: string, cart: string): CartKey => ({
  customerId: guidIn('CUSTOMER', customer),
  cartId: guidIn('CART', cart),
});

/** For a command about one job, or about those that its options choose. */
export const withCart = (command: Command): Command =>
  command.argument('[customer]', 'CUSTOMER: its tenant id').argument('[cart]', 'CART: its id');

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2h` ago, or an instant; epoch ms. */
export function sinceIn(text: string, now: number): number {
  const [, amount, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (amount !== undefined) return now - Number(amount) * (units[unit] ?? 0);
  const instant = /^[^T]*T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw new CommandFailure(
    exit.usage,
    `--since must be a length of time (30m, 6h, 2d) or an instant with a zone (2026-11-24T02:00:00Z); it is ${describeValue(text)}.`,
  );
}

/** `--rate 5/s` or `5`: a second. */
export function rateIn(text: string): number {
  const rate = /^\d+(\.\d+)?(\/s)?$/.test(text) ? Number.parseFloat(text) : 0;
  if (rate > 0) return rate;
  throw new CommandFailure(
    exit.usage,
    `--rate must be a number a second above 0, like 5/s; it is ${describeValue(text)}.`,
  );
}

export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
