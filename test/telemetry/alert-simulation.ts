/**
 * Stateful log alerts, as Azure evaluates them: one alert for each combination of dimensions, over when the query gave no row for it
 * three times (twice for an hourly rule). Source: Azure Monitor, "Resolve alerts" of log search alert rules.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../support/kql/values.ts';
import { ask, type Rows } from './tables.ts';

const root = join(import.meta.dirname, '../..');

export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly frequencyMs: number;
  readonly rangeMs: number;
  readonly dimensions: readonly string[];
}

/** Fired and, if it ended in the time shown, ended: epoch ms. */
export interface Alert {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly firedAt: number;
  readonly howMany: number;
  readonly endedAt?: number;
}

/** The rules of `alerts.bicep`. `deployedAt`: what the deployment puts into the query. */
export function readRules(deployedAt: number): readonly Rule[] {
  const bicep = readFileSync(join(root, 'infra/modules/alerts.bicep'), 'utf8');
  const [, body = ''] = /var rules Rule\[\] = \[\n(.*?)\n\]\n/s.exec(bicep) ?? [];
  return body.split(/^ {2}\{$/m).flatMap((text): readonly Rule[] => {
    const field = (name: string): string => new RegExp(`^    ${name}: '([^']+)'$`, 'm').exec(text)?.[1] ?? '';
    const name = field('name');
    if (name === '') return [];
    const [, dimensions = ''] = /^ {4}dimensions: \[(.*)\]$/m.exec(text) ?? [];
    const query = readFileSync(join(root, `infra/queries/alert-${name}.kql`), 'utf8');
    return [
      {
        name,
        query: query.replace('datetime(2000-01-01);', `datetime(${new Date(deployedAt).toISOString()});`),
        frequencyMs: lengthOf(field('frequency')),
        rangeMs: lengthOf(field('range')),
        dimensions: [...dimensions.matchAll(/'([^']+)'/g)].map(([, dimension = '']) => dimension),
      },
    ];
  });
}

function lengthOf(duration: string): number {
  const [, days = '0', hours = '0', minutes = '0'] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  const length = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000;
  if (length === 0) throw new Error(`${duration} is no length of time`);
  return length;
}

export function simulate(rule: Rule, rows: Rows, from: number, to: number): readonly Alert[] {
  const clearTimes = rule.frequencyMs >= 3_600_000 ? 2 : 3;
  const active = new Map<string, Alert & { clear: number }>();
  const over: Alert[] = [];
  for (let now = from; now <= to; now += rule.frequencyMs) {
    const result = ask(rule.query, rows, now, rule.rangeMs);
    const seen = new Set<string>();
    for (const row of result.rows) {
      const howMany = row.get('howMany');
      if (typeof howMany !== 'number' || howMany <= 0) continue;
      const dimensions = Object.fromEntries(
        rule.dimensions.map((name) => [name, textOf(row.get(name) ?? null)]),
      );
      const key = JSON.stringify(dimensions);
      seen.add(key);
      const known = active.get(key);
      if (known === undefined) active.set(key, { dimensions, firedAt: now, howMany, clear: 0 });
      else known.clear = 0;
    }
    for (const [key, alert] of active) {
      if (seen.has(key)) continue;
      alert.clear += 1;
      if (alert.clear < clearTimes) continue;
      active.delete(key);
      const { clear: _, ...ended } = alert;
      over.push({ ...ended, endedAt: now });
    }
  }
  return [...over, ...[...active.values()].map(({ clear: _, ...alert }) => alert)].sort(
    (one, other) => one.firedAt - other.firedAt,
  );
}
