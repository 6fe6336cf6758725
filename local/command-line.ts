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
  // Without a language zod says no more than that something is wrong.
  z.config(z.locales.en());
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if (values['help'] !== true) return shape.parse(values);
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${inWords(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

function inWords(error: unknown): string {
  if (error instanceof z.core.$ZodError)
    return error.issues.map(({ path, message }) => `--${path.map(String).join('.')}: ${message}`).join('\n');
  return error instanceof Error ? error.message : String(error);
}

/** A whole number in a range, as an option writes it. */
export const numberIn = (least: number, most: number) =>
  z.coerce.number().check(z.int(), z.gte(least), z.lte(most));

/** Of what a worker prints, warnings and errors alone: the events of a batch would push what to type next off the screen. */
export const isForPeople = (line: string): boolean => !/^\{"(?:event|ready)":/.test(line);
