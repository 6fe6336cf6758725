/** Parses KQL with Microsoft's own parser, and reads its syntax tree by child positions. */
import { loadKusto } from '../load-kusto.ts';

interface RawNode {
  readonly Kind: number;
  readonly ChildCount: number;
  GetChild(index: number): RawNode | null;
  toString(trivia: number): string;
}

interface Language {
  readonly KustoCode: { Parse(text: string): { readonly Syntax: RawNode } };
  readonly Syntax: { readonly SyntaxKind: Readonly<Record<string, unknown>> };
}

/** A node of the tree: its kind by name, its text, and its children; an absent child is undefined. */
export interface Tree {
  readonly kind: string;
  readonly text: string;
  readonly children: readonly (Tree | undefined)[];
}

let loaded: { readonly language: Language; readonly kinds: ReadonlyMap<number, string> } | undefined;

function load() {
  if (loaded !== undefined) return loaded;
  const language = loadKusto() as Language;
  const kinds = new Map<number, string>();
  for (const [name, value] of Object.entries(language.Syntax.SyntaxKind))
    if (typeof value === 'number') kinds.set(value, name);
  loaded = { language, kinds };
  return loaded;
}

export function parseTree(text: string): Tree {
  const { language, kinds } = load();
  const read = (node: RawNode): Tree => ({
    kind: kinds.get(node.Kind) ?? String(node.Kind),
    text: node.toString(0).trim(),
    children: Array.from({ length: node.ChildCount }, (_, at) => {
      const child = node.GetChild(at);
      return child === null ? undefined : read(child);
    }),
  });
  // The text of a token brings the comments before it along.
  return read(language.KustoCode.Parse(text.replace(/^\s*\/\/.*$/gm, '')).Syntax);
}
