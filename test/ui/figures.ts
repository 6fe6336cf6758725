/** What the browser checks measure, for `npm run check:ui -- --json`: one line of JSON for each figure. */
import { appendFileSync } from 'node:fs';

export function recordFigure(name: string, value: unknown): void {
  const file = process.env['UI_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ [name]: value })}\n`);
}
