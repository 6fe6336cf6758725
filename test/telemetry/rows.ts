/** Rows of Application Insights as queries see them, made from what the exporter sends, with the time of a fast run stretched. */
import type { Envelope } from '../../local/azure/application-insights.ts';

export type Value = string | number | boolean | null | { readonly [name: string]: Value } | readonly Value[];
export type Row = Readonly<Record<string, Value>>;
export type Table = 'customEvents' | 'customMetrics' | 'dependencies' | 'traces';
export interface TableRow {
  readonly table: Table;
  /** Epoch ms. */
  readonly timestamp: number;
  readonly columns: Row;
}

/** Of a run that went `factor` times faster than real time, and began at `began`; the rows tell of one that began at `tellFrom`. */
export interface Stretch {
  readonly began: number;
  readonly tellFrom: number;
  readonly factor: number;
}

/** Fields that hold a time, epoch ms or ISO 8601. */
const instants = new Set([
  'notAfter',
  'until',
  'oldestPending',
  'oldestJob',
  'credentialEndsAt',
  'gateSince',
]);
/** Fields of JSON whose `since` is a time. */
const listsWithSince = new Set(['attention', 'late']);

export function rowOf(envelope: Envelope, stretch: Stretch): TableRow | undefined {
  const { baseType, baseData } = envelope.data;
  const timestamp = stretched(Date.parse(envelope.time), stretch);
  const common = {
    operation_Id: envelope.tags['ai.operation.id'] ?? '',
    operation_ParentId: envelope.tags['ai.operation.parentId'] ?? '',
    cloud_RoleInstance: envelope.tags['ai.cloud.roleInstance'] ?? '',
    customDimensions: dimensionsOf(baseData['properties'], stretch),
    itemCount: 1,
    _BilledSize: JSON.stringify(envelope).length,
  };
  const text = (name: string): string => String(baseData[name] ?? '');
  switch (baseType) {
    case 'EventData':
      return {
        table: 'customEvents',
        timestamp,
        columns: { ...common, itemType: 'customEvent', name: text('name') },
      };
    case 'MessageData':
      return {
        table: 'traces',
        timestamp,
        columns: { ...common, itemType: 'trace', message: text('message') },
      };
    case 'RemoteDependencyData':
      return {
        table: 'dependencies',
        timestamp,
        columns: {
          ...common,
          itemType: 'dependency',
          name: text('name'),
          target: text('target'),
          type: text('type'),
          resultCode: text('resultCode'),
          success: baseData['success'] === true ? 'True' : 'False',
          duration: milliseconds(text('duration')) * stretch.factor,
        },
      };
    case 'MetricData': {
      const [metric] = baseData['metrics'] as readonly Readonly<Record<string, unknown>>[];
      if (metric === undefined) return undefined;
      const name = String(metric['name']);
      const scale = isLength(name) ? stretch.factor : 1;
      const number = (field: string): number | null => {
        const value = metric[field];
        return typeof value === 'number' ? value * scale : null;
      };
      return {
        table: 'customMetrics',
        timestamp,
        columns: {
          ...common,
          itemType: 'customMetric',
          name,
          value: number('value'),
          valueSum: number('value'),
          valueCount: typeof metric['count'] === 'number' ? metric['count'] : 1,
          valueMin: number('min'),
          valueMax: number('max'),
        },
      };
    }
    default:
      return undefined;
  }
}

const lengths = [
  'checkout.job.duration',
  'checkout.job.age',
  'checkout.call.duration',
  'checkout.gate.wait',
  'checkout.gate.closed',
  'checkout.order.pending',
  'checkout.job.oldest',
  'checkout.order.oldest',
];
const isLength = (metric: string): boolean => lengths.includes(metric);

export const stretched = (time: number, { began, tellFrom, factor }: Stretch): number =>
  Math.round(tellFrom + (time - began) * factor);

function dimensionsOf(properties: unknown, stretch: Stretch): Row {
  if (typeof properties !== 'object' || properties === null) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, dimension(name, String(value), stretch)]),
  );
}

function dimension(name: string, text: string, stretch: Stretch): string {
  if (text === '') return text;
  if (instants.has(name)) {
    const isNumber = /^\d+(\.\d+)?$/.test(text);
    const time = stretched(isNumber ? Number(text) : Date.parse(text), stretch);
    return isNumber ? String(time) : new Date(time).toISOString();
  }
  if (listsWithSince.has(name)) {
    const list: readonly { readonly since?: number }[] = JSON.parse(text);
    return JSON.stringify(
      list.map((one) => (one.since === undefined ? one : { ...one, since: stretched(one.since, stretch) })),
    );
  }
  if (name === 'ms' || name.endsWith('Ms')) return String(Number(text) * stretch.factor);
  return text;
}

/** `00:00:01.2340000`, or with days `1.02:03:04.5`. */
function milliseconds(span: string): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(span) ?? [];
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}
