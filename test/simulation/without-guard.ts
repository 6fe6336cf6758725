import MagicString from 'magic-string';
import { type Guard, placeOf } from './guards.ts';
import { type Node, type Place, parse, walk } from './syntax.ts';

/**
 * The source without the guard. The guarded node is the outermost statement, element (of an object, a list, arguments), body of an arrow
 * function or operand of `&&`, `||`, `??` that begins right behind the marker. The operators:
 *
 * - `remove`: the statement, the element or the operand goes.
 * - `negate`: its value is negated: the condition of an `if` or a loop, what a `return`, a declaration or a property has, or the
 *   expression itself.
 * - `replace: expression`: the expression stands in the place of its value; in that of what is spread, after `...`.
 * - `earlier`: the statement moves up in its block, to where the names that it uses are declared.
 * - `later`: the statement changes places with the next one.
 *
 * Throws when the marker guards nothing, when the operator does not fit, and when the result does not parse.
 */
export function withoutGuard(source: string, guard: Guard): string {
  const { program, comments } = parse(guard.file, source);
  const failure: Failure = (why) => new Error(`${placeOf(guard)}: the guard "${guard.name}" ${why}`);
  const start = startAfter(source, guard.end, comments);
  const place = [...walk(program)].find((one) => one.node.start === start && slotOf(one) !== undefined);
  if (place === undefined)
    throw failure('stands before no statement, element, operand or body of an arrow function');
  const text = new MagicString(source);
  edit(text, source, place, guard, failure);
  const changed = text.toString();
  if (changed === source) throw failure('changes nothing when it is taken out');
  try {
    parse(guard.file, changed);
  } catch (error) {
    throw failure(`leaves a source that does not parse: ${error instanceof Error ? error.message : error}`);
  }
  return changed;
}

type Failure = (why: string) => Error;
type Permit = 'statement' | 'element' | 'body' | 'operand';

/** Where the token begins that follows, over other comments. */
function startAfter(
  source: string,
  from: number,
  comments: readonly { readonly start: number; readonly end: number }[],
): number {
  const at = from + (/\S|$/.exec(source.slice(from))?.index ?? 0);
  const comment = comments.find((one) => one.start === at);
  return comment === undefined ? at : startAfter(source, comment.end, comments);
}

function slotOf({ node, parents }: Place): Permit | undefined {
  const [parent] = parents;
  if (parent === undefined) return undefined;
  const { type } = parent.node;
  if (isBlock(type, parent.key) || isBranch(type, parent.key)) return 'statement';
  if (['properties', 'elements', 'arguments'].includes(parent.key) && type.endsWith('Expression'))
    return 'element';
  if (type === 'ArrowFunctionExpression' && parent.key === 'body' && node.type !== 'BlockStatement')
    return 'body';
  // The operands of a chain are its links, not its beginnings.
  return type === 'LogicalExpression' && node.type !== 'LogicalExpression' ? 'operand' : undefined;
}

const isBlock = (type: string, key: string): boolean =>
  (['Program', 'BlockStatement', 'FunctionBody', 'StaticBlock'].includes(type) && key === 'body') ||
  (type === 'SwitchCase' && key === 'consequent');

const isBranch = (type: string, key: string): boolean =>
  (type === 'IfStatement' && (key === 'consequent' || key === 'alternate')) ||
  (/^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(type) && key === 'body');

function edit(text: MagicString, source: string, place: Place, guard: Guard, failure: Failure): void {
  const { operator, replacement } = guard;
  if (operator === 'remove') remove(text, source, place, failure);
  else if (operator === 'earlier') moveEarlier(text, source, place, failure);
  else if (operator === 'later') moveLater(text, source, place, failure);
  else changeValue(text, place, replacement, failure);
}

function remove(text: MagicString, source: string, place: Place, failure: Failure): void {
  const { node, parents } = place;
  const [parent] = parents;
  switch (slotOf(place)) {
    case 'statement':
      if (/Declaration$/.test(node.type)) throw failure('is a declaration: without it its names are missing');
      if (parent?.list === undefined) text.overwrite(node.start, node.end, '{}');
      else text.remove(node.start, node.end);
      return;
    case 'element':
      text.remove(node.start, endWithComma(source, node.end));
      return;
    case 'operand': {
      if (parent?.node.type !== 'LogicalExpression') return;
      const { left, right } = parent.node;
      if (parent.key === 'left') text.remove(left.start, right.start);
      else text.remove(left.end, right.end);
      return;
    }
    default:
      throw failure('is all that its function does: it cannot be removed');
  }
}

function endWithComma(source: string, end: number): number {
  const comma = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*,/.exec(source.slice(end));
  return end + (comma?.[0].length ?? 0);
}

/** Puts the replacement in the place of the value, or negates it when there is none. */
function changeValue(
  text: MagicString,
  place: Place,
  replacement: string | undefined,
  failure: Failure,
): void {
  const { node } = place;
  const value = slotOf(place) === 'statement' ? valueOfStatement(node) : valueOfElement(node);
  if (value === undefined) throw failure('has no value of its own that could be another one');
  const isUsed = node.type !== 'ExpressionStatement' && node.type !== 'SpreadElement';
  if (replacement === undefined && !isUsed) throw failure('has no value that could be negated');
  const now = text.slice(value.start, value.end);
  const key = node.type === 'Property' && node.shorthand ? `${now}: ` : '';
  text.overwrite(
    value.start,
    value.end,
    `${key}${replacement === undefined ? `!(${now})` : `(${replacement})`}`,
  );
}

function valueOfStatement(node: Node): Node | undefined {
  switch (node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return node.test;
    case 'ReturnStatement':
      return node.argument ?? undefined;
    case 'ExpressionStatement':
      return node.expression;
    case 'VariableDeclaration':
      return node.declarations.length === 1 ? (node.declarations[0]?.init ?? undefined) : undefined;
    default:
      return undefined;
  }
}

function valueOfElement(node: Node): Node | undefined {
  if (node.type === 'SpreadElement') return node.argument;
  if (node.type !== 'Property') return node;
  return node.method || node.kind !== 'init' ? undefined : node.value;
}

function moveLater(text: MagicString, source: string, { node, parents }: Place, failure: Failure): void {
  const list = parents[0]?.list ?? [];
  const next = list[list.indexOf(node) + 1];
  if (next === undefined || slotOf({ node, parents }) !== 'statement')
    throw failure('is no statement that another one follows: it cannot come later');
  text.remove(node.start, node.end);
  text.appendLeft(next.end, `\n${source.slice(node.start, node.end)}`);
}

function moveEarlier(text: MagicString, source: string, { node, parents }: Place, failure: Failure): void {
  const list = parents[0]?.list ?? [];
  const before = list.slice(0, list.indexOf(node));
  const used = namesIn(node);
  const [first] = before;
  const last = before.findLast((one) => declaredBy(one).some((name) => used.has(name)));
  if (first === undefined || last === before.at(-1) || slotOf({ node, parents }) !== 'statement')
    throw failure(
      'is no statement that others stand before, whose names it does not use: it cannot come earlier',
    );
  text.remove(node.start, node.end);
  const moved = source.slice(node.start, node.end);
  if (last === undefined) text.appendLeft(first.start, `${moved}\n`);
  else text.appendLeft(last.end, `\n${moved}`);
}

/** The identifiers of a node, without the names of members and properties. */
function namesIn(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node: one, parents } of walk(node)) {
    const parent = parents[0];
    const owner = parent?.node;
    const isMember = owner?.type === 'MemberExpression' && parent?.key === 'property' && !owner.computed;
    const isKey = owner?.type === 'Property' && parent?.key === 'key' && !owner.computed && !owner.shorthand;
    if (one.type === 'Identifier' && !isMember && !isKey) names.add(one.name);
  }
  return names;
}

/** The names that a statement declares, and what it assigns to. A little too many names do no harm. */
function declaredBy(statement: Node): readonly string[] {
  switch (statement.type) {
    case 'VariableDeclaration':
      return statement.declarations.flatMap(({ id }) => [...namesIn(id)]);
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return statement.id === null ? [] : [statement.id.name];
    case 'ExpressionStatement':
      return statement.expression.type === 'AssignmentExpression'
        ? [...namesIn(statement.expression.left)]
        : [];
    default:
      return [];
  }
}
