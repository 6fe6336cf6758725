/** One line of a list: what a job's message would hold, or why the line cannot be read. Its content is not checked. */
export type ListLine =
  /** `rows`: of an order, the row of each of its lines. */
  | { readonly number: number; readonly value: unknown; readonly rows?: readonly number[] }
  | { readonly number: number; readonly field: string; readonly reason: string };
