import { type Comment, type Node, parseSync, visitorKeys } from 'oxc-parser';

export type { Node };
export type SourceComment = Comment;

/** A node among its parents, the nearest first. */
export interface Place {
  readonly node: Node;
  readonly parents: readonly Parent[];
}

interface Parent {
  readonly node: Node;
  /** The property of the parent that holds the node. */
  readonly key: string;
  /** The list that the node is an element of, where the property is a list. */
  readonly list?: readonly Node[];
}

/** Throws when the source does not parse. */
export function parse(file: string, source: string) {
  const { program, comments, errors } = parseSync(file, source);
  const [error] = errors;
  if (error !== undefined)
    throw new Error(`${file} does not parse: ${error.message}\n${error.codeframe ?? ''}`);
  return { program, comments };
}

export const commentsOf = (file: string, source: string): readonly SourceComment[] =>
  parse(file, source).comments;

/** Every node of the tree, a parent before its children. */
export function* walk(node: Node, parents: readonly Parent[] = []): Generator<Place> {
  yield { node, parents };
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = Reflect.get(node, key);
    if (isNode(child)) yield* walk(child, [{ node, key }, ...parents]);
    if (!Array.isArray(child)) continue;
    const list = child.filter(isNode);
    for (const one of list) yield* walk(one, [{ node, key, list }, ...parents]);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value;
}
