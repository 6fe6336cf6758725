/** The header of a list in CSV: which column holds which field. */
import { cartMessage, commonFields } from '../../domain/message/job.ts';
import { cutText } from '../../domain/text.ts';
import { neededColumns, orderColumns } from './group-order-rows.ts';
import { UnreadableList } from './unreadable-list.ts';

/** What the rows of a list are. */
interface Kind {
  readonly kind: 'carts' | 'orders';
  readonly fields: readonly string[];
  readonly needed: readonly string[];
}

const carts: Kind = {
  kind: 'carts',
  fields: Object.keys(cartMessage.shape),
  needed: ['customerId', 'cartId'],
};
const orders: Kind = {
  kind: 'orders',
  fields: [...orderColumns, ...Object.keys(commonFields)],
  needed: neededColumns,
};

export interface Header {
  readonly kind: Kind['kind'];
  /** The field of each column; '' for a column without name. */
  readonly names: readonly string[];
}

/** Tab and semicolon before comma: a header has no reason to hold them. */
const delimiters = ['\t', ';', ',', '|'];

/** What separates the cells, as the header shows it; Excel says it in a line of its own (`sep=;`). */
export function delimiterOf(firstLine: string): string {
  const said = /^"?sep=(\S|\t)"?\s*$/i.exec(firstLine)?.[1];
  return said ?? delimiters.find((candidate) => firstLine.trimEnd().includes(candidate)) ?? ',';
}

/** Order lines have a column of the producer's number or of products. Throws `UnreadableList` with what was found and expected. */
export function checkHeader(cells: readonly string[]): Header {
  const names = cells.map((cell) => cell.trim());
  const isOrders = names.some((name) => ['externalorderid', 'product', 'sku'].includes(letters(name)));
  const { kind, fields, needed } = isOrders ? orders : carts;
  const fieldLike = (name: string) => fields.find((field) => letters(field) === letters(name));
  const meant = (name: string): string => {
    const field = fieldLike(name);
    return field === undefined ? '' : ` (write ${field})`;
  };
  const unknown = names.filter((name) => name !== '' && !fields.includes(name));
  const missing = needed.filter((field) => !names.includes(field));
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  const wrong = [
    ...unknown.map((name) => `unknown column ${shown(name)}${meant(name)}`),
    ...(missing.length === 0 || missing.every((field) => unknown.some((name) => fieldLike(name) === field))
      ? []
      : [`no column ${missing.join(' and ')}`]),
    ...(twice === undefined ? [] : [`column ${twice} stands there twice`]),
  ];
  if (wrong.length === 0) return { kind, names };
  throw new UnreadableList(
    `The header is wrong: ${wrong.slice(0, 5).join('; ')}. Found: ${names.slice(0, 12).map(shown).join(', ')}. Expected: ${needed.join(', ')}, and optionally ${fields.filter((field) => !needed.includes(field)).join(', ')}.`,
  );
}

const shown = (name: string): string => JSON.stringify(cutText(name, 60));

const letters = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');
