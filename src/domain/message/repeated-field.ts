/** Finds a field that one JSON object has twice, as a part of reading a job: `JSON.parse` takes the last one and says nothing. Pure. */

/** An object or a list that is open. */
interface Open {
  readonly path: string;
  /** The names of an object's fields so far; undefined: it is a list. */
  readonly names: Set<string> | undefined;
  /** Of an object the field that is read; undefined while its name comes next. */
  name: string | undefined;
  /** How many values came before. */
  index: number;
}

/** The path of the first field that stands twice in one object, like `cartId` or `[3].lines[0].sku`. `json` is valid JSON. */
export function repeatedField(json: string): string | undefined {
  const open: Open[] = [];
  for (let at = 0; at < json.length; at += 1) {
    const inner = open.at(-1);
    switch (json[at]) {
      case '{':
      case '[':
        open.push({
          path: pathIn(inner),
          names: json[at] === '{' ? new Set() : undefined,
          name: undefined,
          index: 0,
        });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (inner !== undefined) Object.assign(inner, { name: undefined, index: inner.index + 1 });
        break;
      case '"': {
        const end = endOfText(json, at);
        if (inner?.names !== undefined && inner.name === undefined) {
          inner.name = String(JSON.parse(json.slice(at, end)));
          if (inner.names.has(inner.name)) return pathIn(inner);
          inner.names.add(inner.name);
        }
        at = end - 1;
      }
    }
  }
  return undefined;
}

/** Of the value that is read now. */
function pathIn(inner: Open | undefined): string {
  if (inner === undefined) return '';
  if (inner.names === undefined) return `${inner.path}[${inner.index}]`;
  const name = inner.name ?? '';
  return inner.path === '' ? name : `${inner.path}.${name}`;
}

/** Behind the quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}
