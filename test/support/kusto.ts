import { loadKusto } from './load-kusto.ts';

/** The part that is used of the language service, which is a script without modules. */
interface Service {
  readonly KustoCode: { ParseAndAnalyze(text: string, state: unknown): Code };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly Symbols: {
    readonly TableSymbol: { From(schema: string): { WithName(name: string): unknown } };
    readonly DatabaseSymbol: { readonly ctor: new (name: string, tables: readonly unknown[]) => unknown };
  };
  readonly Syntax: {
    readonly SyntaxKind: Readonly<Record<string, number>>;
    readonly SyntaxElement: { WalkNodes(root: Node, visit: (node: Node) => void): void };
  };
}
interface Code {
  readonly Syntax: Node;
  readonly ResultType: { readonly Columns?: List<{ readonly Name: string }> } | null;
  GetDiagnostics(): List<{ readonly Message: string; readonly Start: number }>;
}
interface List<T> {
  readonly Count: number;
  getItem(index: number): T;
}
interface Node {
  readonly Kind: number;
  readonly ChildCount: number;
  GetChild(index: number): Node | null;
  /** 0: without what is around it. */
  toString(trivia: number): string;
}

export interface Query {
  /** Syntax errors and unknown columns, tables and functions, with the line. */
  readonly problems: readonly string[];
  readonly columns: readonly string[];
  /** Fields of customDimensions and customMeasurements that it reads. */
  readonly fields: readonly string[];
  /** Column and text of each `column == 'text'`, `!=` and `column in ('text', …)`. */
  readonly compared: readonly (readonly [column: string, text: string])[];
}

/** Parses and binds queries as the portal's editor does. `tables`: columns and types of each. */
export function kusto(tables: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const service = load();
  const { TableSymbol, DatabaseSymbol } = service.Symbols;
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const schema = Object.entries(columns).map(([column, type]) => `${column}:${type}`);
    return TableSymbol.From(`(${schema.join(', ')})`).WithName(name);
  });
  const state = service.GlobalState.Default.WithDatabase(new DatabaseSymbol.ctor('insights', symbols));

  return (text: string): Query => {
    const code = service.KustoCode.ParseAndAnalyze(text, state);
    return {
      problems: items(code.GetDiagnostics()).map(
        ({ Message, Start }) => `line ${text.slice(0, Start).split('\n').length}: ${Message}`,
      ),
      columns:
        code.ResultType?.Columns === undefined ? [] : items(code.ResultType.Columns).map(({ Name }) => Name),
      ...reads(service, code.Syntax),
    };
  };
}

const load = (): Service => loadKusto() as Service;

function reads({ Syntax }: Service, root: Node): Pick<Query, 'fields' | 'compared'> {
  const { SyntaxKind } = Syntax;
  const fields: string[] = [];
  const compared: (readonly [string, string])[] = [];
  const textOf = (node: Node | null): string => node?.toString(0).trim() ?? '';
  const texts = (node: Node | null): readonly string[] =>
    [...textOf(node).matchAll(/'([^']*)'/g)].map(([, text = '']) => text);
  Syntax.SyntaxElement.WalkNodes(root, (node) => {
    const [left, middle, right] = [0, 1, 2].map((at) => (at < node.ChildCount ? node.GetChild(at) : null));
    switch (node.Kind) {
      case SyntaxKind['PathExpression']:
        if (isBag(textOf(left ?? null))) fields.push(textOf(right ?? null));
        break;
      case SyntaxKind['ElementExpression']:
        if (isBag(textOf(left ?? null))) fields.push(...texts(middle ?? null));
        break;
      case SyntaxKind['EqualExpression']:
      case SyntaxKind['NotEqualExpression']:
      case SyntaxKind['InExpression']:
        for (const text of texts(right ?? null)) compared.push([textOf(left ?? null), text]);
    }
  });
  return { fields, compared };
}

const isBag = (name: string): boolean => name === 'customDimensions' || name === 'customMeasurements';

const items = <T>(list: List<T>): readonly T[] =>
  Array.from({ length: list.Count }, (_, index) => list.getItem(index));
