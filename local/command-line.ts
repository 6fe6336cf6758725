import { type ParseArgsConfig, parseArgs } from 'node:util';
import * as z from 'zod/mini';

/**
 * The options of an npm script, as its shape has them. `--help` ends the process with the usage; options that are unknown or wrong
 * end it too, with a sentence, the usage and exit code 2.
 */
export function readOptions<Shape extends z.ZodMiniType>(
  usage: string,
  options: NonNullable<ParseArgsConfig['options']>,
  shape: Shape,
): z.infer<Shape> {
  const { values, problem } = parsed({ ...options, help: { type: 'boolean' } });
  if (values['help'] === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  // Without a language zod says no more than that something is wrong.
  z.config(z.locales.en());
  const read = shape.safeParse(values);
  if (problem === undefined && read.success) return read.data;
  const wrong = problem ?? (read.success ? '' : read.error.issues.map(told).join('\n'));
  process.stderr.write(`${wrong}\n\n${usage}\n`);
  process.exit(2);
}

function parsed(options: NonNullable<ParseArgsConfig['options']>): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problem?: string;
} {
  try {
    return { values: parseArgs({ options }).values };
  } catch (error) {
    return { values: {}, problem: error instanceof Error ? error.message : String(error) };
  }
}

const told = ({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }) =>
  `--${path.map(String).join('.')}: ${message}`;

/** A whole number in a range, as an option writes it. */
export const numberIn = (least: number, most: number) =>
  z.coerce.number().check(z.int(), z.gte(least), z.lte(most));
