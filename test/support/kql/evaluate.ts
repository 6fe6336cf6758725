/**
 * Runs a query over rows in memory: the operators that our queries use, over the syntax tree of Microsoft's own parser. What it does
 * not know it refuses, so no query is understood by half.
 */
import { aggregates, extremeRow, type Read } from './aggregates.ts';
import { member, scalars } from './functions.ts';
import { parseTree, type Tree } from './tree.ts';
import { compare, DateTime, keyOf, ordinal, type Row, TimeSpan, textOf, type Value } from './values.ts';

export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface Source {
  /** Columns and rows of each table. */
  readonly tables: Readonly<Record<string, Result>>;
  /** What `now()` is, epoch ms. */
  readonly now: number;
}

interface Scope {
  readonly source: Source;
  readonly names: Map<string, Value | Result>;
  readonly row: Row;
}

const isResult = (value: Value | Result | undefined): value is Result =>
  typeof value === 'object' &&
  value !== null &&
  'columns' in value &&
  'rows' in value &&
  Array.isArray(value.rows);

export function evaluate(text: string, source: Source): Result {
  const [, statements] = parseTree(text).children;
  const scope: Scope = { source, names: new Map(), row: new Map() };
  let result: Result | undefined;
  for (const statement of items(statements)) {
    if (statement.kind === 'LetStatement') {
      const [, name, , expression] = statement.children;
      scope.names.set(nameOf(name), letValue(need(expression), scope));
    } else if (statement.kind === 'ExpressionStatement') result = tabular(need(statement.children[0]), scope);
    else throw unknown(statement);
  }
  if (result === undefined) throw new Error('The query has no result.');
  return result;
}

const unknown = ({ kind, text }: Tree): Error => new Error(`Not understood: ${kind}: ${text}`);

function need(tree: Tree | undefined): Tree {
  if (tree === undefined) throw new Error('A part of the query is missing.');
  return tree;
}

/** The elements of a list, without its commas. */
const items = (list: Tree | undefined): readonly Tree[] =>
  (list?.children ?? []).map((element) =>
    element?.kind === 'SeparatedElement' ? need(element.children[0]) : need(element),
  );

const nameOf = (tree: Tree | undefined): string => need(tree).text.replace(/^\['(.*)'\]$/, '$1');

const tabularKinds = new Set(['PipeExpression', 'UnionOperator', 'PrintOperator']);

function letValue(tree: Tree, scope: Scope): Value | Result {
  if (tree.kind === 'NameReference') {
    const known = scope.names.get(tree.text) ?? scope.source.tables[tree.text];
    if (known !== undefined) return known;
  }
  return tabularKinds.has(tree.kind) ? tabular(tree, scope) : scalar(tree, scope);
}

function tabular(tree: Tree, scope: Scope): Result {
  switch (tree.kind) {
    case 'ParenthesizedExpression':
      return tabular(need(tree.children[1]), scope);
    case 'NameReference': {
      const found = scope.names.get(tree.text) ?? scope.source.tables[tree.text];
      if (!isResult(found)) throw new Error(`There is no table ${tree.text}.`);
      return found;
    }
    case 'PipeExpression': {
      const [before, , operator] = tree.children;
      return apply(need(operator), tabular(need(before), scope), scope);
    }
    case 'UnionOperator':
      return union(items(tree.children[2]).map((one) => tabular(one, scope)));
    case 'PrintOperator': {
      const named = items(tree.children.find((child) => child?.kind === 'List' && child.children.length > 0));
      const row = new Map(named.map((one) => [nameFor(one, 'print_0'), scalar(valueIn(one), scope)]));
      return { columns: [...row.keys()], rows: [row] };
    }
    default:
      throw unknown(tree);
  }
}

function union(results: readonly Result[]): Result {
  const columns = [...new Set(results.flatMap((one) => one.columns))];
  const rows = results.flatMap((one) =>
    one.rows.map((row) => new Map(columns.map((column) => [column, row.get(column) ?? null]))),
  );
  return { columns, rows };
}

function apply(operator: Tree, input: Result, scope: Scope): Result {
  const at = (row: Row): Scope => ({ ...scope, row });
  const reader =
    (tree: Tree): Read =>
    (row) =>
      scalar(tree, at(row));
  switch (operator.kind) {
    case 'FilterOperator': {
      const condition = need(operator.children.at(-1));
      return { ...input, rows: input.rows.filter((row) => scalar(condition, at(row)) === true) };
    }
    case 'ExtendOperator': {
      const named = items(operator.children[1]);
      return {
        columns: [...new Set([...input.columns, ...named.map((one) => nameFor(one, ''))])],
        // Each sees the row as it was before the operator.
        rows: input.rows.map(
          (row) =>
            new Map([
              ...row,
              ...named.map((one) => [nameFor(one, ''), scalar(valueIn(one), at(row))] as const),
            ]),
        ),
      };
    }
    case 'ProjectOperator': {
      const named = items(operator.children[1]);
      return {
        columns: named.map((one) => nameFor(one, '')),
        rows: input.rows.map(
          (row) => new Map(named.map((one) => [nameFor(one, ''), scalar(valueIn(one), at(row))])),
        ),
      };
    }
    case 'DistinctOperator': {
      const names = items(operator.children[2]).map(({ text }) => text);
      const rows = input.rows.map((row) => new Map(names.map((name) => [name, row.get(name) ?? null])));
      return {
        columns: names,
        rows: [...new Map(rows.map((row) => [keyOf([...row.values()]), row])).values()],
      };
    }
    case 'CountOperator':
      return { columns: ['Count'], rows: [new Map([['Count', input.rows.length]])] };
    case 'SortOperator':
      return { ...input, rows: sorted(input.rows, items(operator.children.at(-1)), reader) };
    case 'TopOperator': {
      const [, , count, , by] = operator.children;
      const limit = Number(scalar(need(count), scope));
      return { ...input, rows: sorted(input.rows, [need(by)], reader).slice(0, limit) };
    }
    case 'SummarizeOperator':
      return summarize(operator, input, reader);
    case 'MakeSeriesOperator':
      return makeSeries(operator, input, scope, reader);
    case 'MvExpandOperator':
      return expand(operator, input, reader);
    case 'JoinOperator':
      return join(operator, input, scope);
    default:
      throw unknown(operator);
  }
}

function sorted(rows: readonly Row[], by: readonly Tree[], reader: (tree: Tree) => Read): readonly Row[] {
  const keys = by.map((one) => {
    const [expression, clause] = one.kind === 'OrderedExpression' ? one.children : [one, undefined];
    // Descending unless it says ascending.
    return { read: reader(need(expression)), sign: clause?.text === 'asc' ? 1 : -1 };
  });
  return [...rows].sort((one, other) => {
    for (const { read, sign } of keys) {
      const order = sign * compare(read(one), read(other));
      if (order !== 0) return order;
    }
    return 0;
  });
}

interface Grouped {
  readonly keys: readonly Value[];
  readonly rows: Row[];
}

function grouped(rows: readonly Row[], by: readonly Read[]): Grouped[] {
  const groups = new Map<string, Grouped>();
  for (const row of rows) {
    const keys = by.map((read) => read(row));
    const name = keyOf(keys);
    const group = groups.get(name) ?? { keys, rows: [] };
    group.rows.push(row);
    groups.set(name, group);
  }
  return [...groups.values()];
}

function summarize(operator: Tree, input: Result, reader: (tree: Tree) => Read): Result {
  const by = items(operator.children[3]?.children[1]);
  const wanted = items(operator.children[2]);
  const groups = grouped(
    input.rows,
    by.map((one) => reader(valueIn(one))),
  );
  // Without `by` there is one row, even of nothing.
  if (by.length === 0 && groups.length === 0) groups.push({ keys: [], rows: [] });
  const byNames = by.map((one) => nameFor(one, 'Column1'));
  const rows = groups.map((group) => {
    const row = new Map<string, Value>(byNames.map((name, at) => [name, group.keys[at] ?? null]));
    for (const one of wanted)
      for (const [name, value] of aggregated(one, group.rows, input.columns, reader)) row.set(name, value);
    return row;
  });
  const empty = wanted.flatMap((one) => aggregated(one, [], input.columns, reader).map(([name]) => name));
  return { columns: [...byNames, ...empty], rows };
}

/** Name and value of each column that one aggregation makes. */
function aggregated(
  tree: Tree,
  rows: readonly Row[],
  columns: readonly string[],
  reader: (tree: Tree) => Read,
): readonly (readonly [string, Value])[] {
  const call = valueIn(tree);
  if (call.kind === 'FunctionCallExpression') {
    const name = nameOf(call.children[0]);
    const args = items(call.children[1]?.children[1]);
    if (name === 'arg_max' || name === 'arg_min') {
      const [by, ...rest] = args;
      const row = extremeRow(rows, reader(valueIn(need(by))), name === 'arg_max' ? 1 : -1);
      const wanted =
        rest.length === 1 && rest[0]?.text === '*'
          ? columns.map((column) => [column, undefined] as const)
          : rest.map((one) => [nameFor(one, ''), one] as const);
      const value = (one: Tree | undefined, column: string): Value =>
        row === undefined ? null : one === undefined ? (row.get(column) ?? null) : reader(valueIn(one))(row);
      return [
        [nameFor(need(by), ''), value(by, '')],
        ...wanted.map(([column, one]) => [column, value(one, column)] as const),
      ];
    }
  }
  return [[nameFor(tree, defaultName(call)), overGroup(call, rows, reader)]];
}

/** An expression of aggregations, like `sum(x) / 5` or `round(sum(x), 1)`. */
function overGroup(tree: Tree, rows: readonly Row[], reader: (tree: Tree) => Read): Value {
  if (tree.kind === 'FunctionCallExpression') {
    const name = nameOf(tree.children[0]);
    const args = items(tree.children[1]?.children[1]);
    const aggregate = aggregates[name];
    if (aggregate !== undefined)
      return aggregate(
        rows,
        args.map((one) => reader(valueIn(one))),
      );
    const make = scalars[name];
    if (make === undefined) throw unknown(tree);
    return make(
      args.map((one) => overGroup(valueIn(one), rows, reader)),
      { now: 0 },
    );
  }
  const operate = arithmetic[tree.kind];
  if (operate !== undefined) {
    const [left, , right] = tree.children;
    return operate(overGroup(need(left), rows, reader), overGroup(need(right), rows, reader));
  }
  return reader(tree)(new Map());
}

const defaultName = (call: Tree): string => {
  if (call.kind !== 'FunctionCallExpression') return 'Column1';
  const [first] = items(call.children[1]?.children[1]);
  return `${nameOf(call.children[0])}_${first?.kind === 'NameReference' ? first.text : ''}`;
};

/** A series for each group, with the default where a step has no row. Source: make-series operator. */
function makeSeries(operator: Tree, input: Result, scope: Scope, reader: (tree: Tree) => Read): Result {
  const on = operator.children.find((child) => child?.kind === 'MakeSeriesOnClause');
  const range = operator.children.find((child) => child?.kind === 'MakeSeriesFromToStepClause');
  const byClause = operator.children.find((child) => child?.kind === 'MakeSeriesByClause');
  const column = nameOf(on?.children[1]);
  const clause = (kind: string): Value =>
    scalar(need(range?.children.find((child) => child?.kind === kind)?.children[1]), scope);
  const [from, to, step] = ['MakeSeriesFromClause', 'MakeSeriesToClause', 'MakeSeriesStepClause'].map(clause);
  if (!(from instanceof DateTime) || !(to instanceof DateTime) || !(step instanceof TimeSpan))
    throw new Error('make-series is understood over time only.');
  const length = Math.max(0, Math.ceil((to.at - from.at) / step.ms));
  const times = Array.from({ length }, (_, n) => new DateTime(from.at + n * step.ms));
  const by = items(byClause?.children[1]);
  const within = input.rows.filter((row) => {
    const time = row.get(column);
    return time instanceof DateTime && time.at >= from.at && time.at < to.at;
  });
  const groups = grouped(
    within,
    by.map((one) => reader(valueIn(one))),
  );
  if (by.length === 0 && groups.length === 0) groups.push({ keys: [], rows: [] });
  const wanted = items(
    operator.children.find(
      (child) =>
        child?.kind === 'List' &&
        child.children.some((one) => one?.children[0]?.kind === 'MakeSeriesExpression'),
    ),
  );
  const byNames = by.map((one) => nameFor(one, 'Column1'));
  const named = wanted.map((one) => {
    const [expression, otherwise] = one.children;
    const call = valueIn(need(expression));
    return {
      name: nameFor(need(expression), defaultName(call)),
      call,
      otherwise: otherwise === undefined ? null : scalar(need(otherwise.children[2]), scope),
    };
  });
  const rows = groups.map((group) => {
    const steps = new Map<number, Row[]>();
    for (const row of group.rows) {
      const time = row.get(column);
      if (!(time instanceof DateTime)) continue;
      const n = Math.floor((time.at - from.at) / step.ms);
      steps.set(n, [...(steps.get(n) ?? []), row]);
    }
    const row = new Map<string, Value>(byNames.map((name, n) => [name, group.keys[n] ?? null]));
    for (const { name, call, otherwise } of named)
      row.set(
        name,
        times.map((_, n) => {
          const there = steps.get(n);
          return there === undefined ? otherwise : overGroup(call, there, reader);
        }),
      );
    return row.set(column, times);
  });
  return { columns: [...byNames, ...named.map(({ name }) => name), column], rows };
}

/** A row for each element of an array; a row whose value is no array stays, with what it has; an empty array leaves none. */
function expand(operator: Tree, input: Result, reader: (tree: Tree) => Read): Result {
  const [one, more] = items(
    operator.children.find((child) => child?.kind === 'List' && child.children.length > 0),
  );
  const expression = one?.kind === 'MvExpandExpression' ? one.children[0] : one;
  if (expression === undefined || more !== undefined) throw unknown(operator);
  const name = nameFor(expression, '');
  const read = reader(valueIn(expression));
  const rows = input.rows.flatMap((row): Row[] => {
    const value = read(row);
    const elements: readonly Value[] = Array.isArray(value) ? value : [value];
    return elements.map((element) => new Map([...row, [name, element]]));
  });
  return { columns: [...new Set([...input.columns, name])], rows };
}

/** `leftouter` and `inner` on columns that both sides have. A column of the right whose name is taken gets a 1. */
function join(operator: Tree, left: Result, scope: Scope): Result {
  const [, parameters, rightTree, clause] = operator.children;
  const kind = /kind\s*=\s*(\w+)/.exec(parameters?.text ?? '')?.[1];
  if (kind !== 'leftouter' && kind !== 'inner') throw unknown(operator);
  const right = tabular(need(rightTree), scope);
  const on = items(clause?.children[1]).map(({ text }) => text);
  const renamed = right.columns.map(
    (column) => [column, left.columns.includes(column) ? `${column}1` : column] as const,
  );
  const keyIn = (row: Row): string => keyOf(on.map((column) => row.get(column) ?? null));
  const found = new Map<string, Row[]>();
  for (const row of right.rows) found.set(keyIn(row), [...(found.get(keyIn(row)) ?? []), row]);
  const rows = left.rows.flatMap((row): Row[] => {
    const matches = found.get(keyIn(row)) ?? (kind === 'inner' ? [] : [new Map<string, Value>()]);
    return matches.map(
      (match) =>
        new Map([...row, ...renamed.map(([column, name]) => [name, match.get(column) ?? null] as const)]),
    );
  });
  return { columns: [...left.columns, ...renamed.map(([, name]) => name)], rows };
}

/** The expression of `name = expression`, or the whole. */
const valueIn = (tree: Tree): Tree =>
  tree.kind === 'SimpleNamedExpression'
    ? need(tree.children[2])
    : tree.kind === 'MvExpandExpression'
      ? valueIn(need(tree.children[0]))
      : tree;

function nameFor(tree: Tree, otherwise: string): string {
  if (tree.kind === 'SimpleNamedExpression') return nameOf(tree.children[0]);
  if (tree.kind === 'NameReference') return tree.text;
  // `a.b` is named `a_b`.
  if (tree.kind === 'PathExpression') return `${need(tree.children[0]).text}_${need(tree.children[2]).text}`;
  if (tree.kind === 'FunctionCallExpression' && otherwise === '') {
    const [first] = items(tree.children[1]?.children[1]);
    return first === undefined ? 'Column1' : nameFor(first, '');
  }
  return otherwise === '' ? 'Column1' : otherwise;
}

type Operate = (left: Value, right: Value) => Value;

/** Null makes null, but `==` of two nulls is not true and `!=` is not false: our queries do not lean on it. */
const numeric =
  (of: (left: number, right: number) => number): Operate =>
  (left, right) =>
    typeof left === 'number' && typeof right === 'number' ? of(left, right) : null;

const arithmetic: Readonly<Record<string, Operate>> = {
  AddExpression: (left, right) => {
    if (left instanceof DateTime && right instanceof TimeSpan) return new DateTime(left.at + right.ms);
    if (left instanceof TimeSpan && right instanceof TimeSpan) return new TimeSpan(left.ms + right.ms);
    return numeric((one, other) => one + other)(left, right);
  },
  SubtractExpression: (left, right) => {
    if (left instanceof DateTime && right instanceof DateTime) return new TimeSpan(left.at - right.at);
    if (left instanceof DateTime && right instanceof TimeSpan) return new DateTime(left.at - right.ms);
    if (left instanceof TimeSpan && right instanceof TimeSpan) return new TimeSpan(left.ms - right.ms);
    return numeric((one, other) => one - other)(left, right);
  },
  MultiplyExpression: (left, right) => {
    if (left instanceof TimeSpan && typeof right === 'number') return new TimeSpan(left.ms * right);
    if (typeof left === 'number' && right instanceof TimeSpan) return new TimeSpan(left * right.ms);
    return numeric((one, other) => one * other)(left, right);
  },
  DivideExpression: (left, right) => {
    if (left instanceof TimeSpan && right instanceof TimeSpan)
      return right.ms === 0 ? null : left.ms / right.ms;
    if (left instanceof TimeSpan && typeof right === 'number') return new TimeSpan(left.ms / right);
    return numeric((one, other) => (other === 0 ? Number.NaN : one / other))(left, right);
  },
};

const ordered =
  (holds: (order: number) => boolean): Operate =>
  (left, right) =>
    ordinal(left) === null || ordinal(right) === null ? null : holds(compare(left, right));

const comparisons: Readonly<Record<string, Operate>> = {
  LessThanExpression: ordered((order) => order < 0),
  LessThanOrEqualExpression: ordered((order) => order <= 0),
  GreaterThanExpression: ordered((order) => order > 0),
  GreaterThanOrEqualExpression: ordered((order) => order >= 0),
  EqualExpression: (left, right) =>
    left === null || right === null ? left === right : keyOf([left]) === keyOf([right]),
  NotEqualExpression: (left, right) =>
    left === null || right === null ? left !== right : keyOf([left]) !== keyOf([right]),
  ContainsExpression: (left, right) => textOf(left).toLowerCase().includes(textOf(right).toLowerCase()),
};

function scalar(tree: Tree, scope: Scope): Value {
  const [first, second, third] = tree.children;
  switch (tree.kind) {
    case 'ParenthesizedExpression':
      return scalar(need(second), scope);
    case 'SimpleNamedExpression':
      return scalar(valueIn(tree), scope);
    case 'NameReference': {
      if (scope.row.has(tree.text)) return scope.row.get(tree.text) ?? null;
      const known = scope.names.get(tree.text);
      if (known === undefined || isResult(known)) throw new Error(`There is no column ${tree.text}.`);
      return known;
    }
    case 'PathExpression':
      return member(scalar(need(first), scope), nameOf(third));
    case 'ElementExpression': {
      const [, inside] = need(second).children;
      return member(scalar(need(first), scope), scalar(need(inside), scope));
    }
    case 'AndExpression': {
      const [left, right] = [scalar(need(first), scope), scalar(need(third), scope)];
      if (left === false || right === false) return false;
      return left === true && right === true ? true : null;
    }
    case 'OrExpression': {
      const [left, right] = [scalar(need(first), scope), scalar(need(third), scope)];
      if (left === true || right === true) return true;
      return left === false && right === false ? false : null;
    }
    case 'InExpression':
    case 'NotInExpression': {
      const wanted = among(need(third), scope);
      const isIn = wanted.has(keyOf([scalar(need(first), scope)]));
      return tree.kind === 'InExpression' ? isIn : !isIn;
    }
    case 'UnaryMinusExpression': {
      const value = scalar(need(second), scope);
      return value instanceof TimeSpan ? new TimeSpan(-value.ms) : typeof value === 'number' ? -value : null;
    }
    case 'ToScalarExpression':
      return firstCell(tabular(need(tree.children[3]), scope));
    case 'FunctionCallExpression': {
      const make = scalars[nameOf(first)];
      if (make === undefined) throw unknown(tree);
      const args = items(second?.children[1]).map((one) => scalar(one, scope));
      return make(args, scope.source);
    }
    default: {
      const operate = arithmetic[tree.kind] ?? comparisons[tree.kind];
      if (operate !== undefined) return operate(scalar(need(first), scope), scalar(need(third), scope));
      return literal(tree);
    }
  }
}

/** The values of `in (…)`: literals, or the one column of a table. */
function among(list: Tree, scope: Scope): ReadonlySet<string> {
  const wanted = items(list.children[1]).flatMap((one): readonly Value[] => {
    const known = one.kind === 'NameReference' ? scope.names.get(one.text) : undefined;
    if (isResult(known)) return known.rows.map((row) => row.get(known.columns[0] ?? '') ?? null);
    return [scalar(one, scope)];
  });
  return new Set(wanted.map((value) => keyOf([value])));
}

const firstCell = ({ columns, rows }: Result): Value => rows[0]?.get(columns[0] ?? '') ?? null;

const spanUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function literal(tree: Tree): Value {
  const { text } = tree;
  switch (tree.kind) {
    case 'StringLiteralExpression':
      // As it stands, quotes and backslashes too.
      if (text.startsWith('```')) return text.slice(3, -3);
      return text.slice(1, -1).replace(/\\(.)/g, '$1');
    case 'LongLiteralExpression':
    case 'IntLiteralExpression':
    case 'RealLiteralExpression':
      return /\(null\)/.test(text) ? null : Number(text);
    case 'BooleanLiteralExpression':
      return text === 'true';
    case 'DateTimeLiteralExpression': {
      const inside = /^datetime\((.+)\)$/.exec(text)?.[1] ?? '';
      return inside === 'null'
        ? null
        : new DateTime(
            Date.parse(
              `${inside.replace(' ', 'T')}${inside.includes(':') ? '' : 'T00:00'}Z`.replace('ZZ', 'Z'),
            ),
          );
    }
    case 'TimespanLiteralExpression': {
      const [, count = '', unit = ''] = /^(?:time\(|timespan\()?([\d.]+)(ms|s|m|h|d)\)?$/.exec(text) ?? [];
      const size = spanUnits[unit];
      if (size === undefined) throw unknown(tree);
      return new TimeSpan(Number(count) * size);
    }
    default:
      throw unknown(tree);
  }
}
