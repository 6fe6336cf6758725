import { cartMessage } from '../../domain/message/job.ts';
import { cutText } from '../../domain/text.ts';
import { UnreadableList } from './unreadable-list.ts';

const fields: readonly string[] = Object.keys(cartMessage.shape);
const needed = ['customerId', 'cartId'];

/** Tab and semicolon before comma: a header has no reason to hold them. */
const delimiters = ['\t', ';', ',', '|'];

/** What separates the cells, as the header shows it; Excel says it in a line of its own (`sep=;`). */
export function delimiterOf(firstLine: string): string {
  const said = /^"?sep=(.)"?$/i.exec(firstLine)?.[1];
  return said ?? delimiters.find((candidate) => firstLine.includes(candidate)) ?? ',';
}

/** The field of each column; '' for a column without name. Throws `UnreadableList` with what was found and expected. */
export function checkHeader(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim());
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
  if (wrong.length === 0) return names;
  throw new UnreadableList(
    `The header is wrong: ${wrong.slice(0, 5).join('; ')}. Found: ${names.slice(0, 12).map(shown).join(', ')}. Expected: ${needed.join(', ')}, and if wanted ${fields.filter((field) => !needed.includes(field)).join(', ')}.`,
  );
}

const shown = (name: string): string => JSON.stringify(cutText(name, 60));

const letters = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');
const fieldLike = (name: string): string | undefined =>
  fields.find((field) => letters(field) === letters(name));
const meant = (name: string): string => {
  const field = fieldLike(name);
  return field === undefined ? '' : ` (write ${field})`;
};
