/** Puts parameters of the workbook into a query, as the portal does before it asks. */
export interface Parameters {
  readonly from: number;
  readonly to: number;
  readonly grain?: string;
  readonly JobKey?: string;
  readonly Find?: string;
  readonly Batch?: string;
}

export function fillIn(
  query: string,
  { from, to, grain = '5m', JobKey = '', Find = '', Batch = '' }: Parameters,
): string {
  const time = (at: number): string => `datetime(${new Date(at).toISOString()})`;
  return query
    .replaceAll('{TimeRange:start}', time(from))
    .replaceAll('{TimeRange:end}', time(to))
    .replaceAll('{TimeRange:grain}', grain)
    .replaceAll('{JobKey}', JobKey)
    .replaceAll('{Find}', Find)
    .replaceAll('{Batch}', Batch);
}
