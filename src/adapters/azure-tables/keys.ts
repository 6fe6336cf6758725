/** A part of a key that the Table service would refuse, or that would not come back as it went in. */
export class InvalidKey extends Error {
  override readonly name = 'InvalidKey';
}

/** Half of the limit of 1 KiB (512 UTF-16 units), so that a prefix and two parts fit into one key. */
const maxPart = 200;

/**
 * Checks a part before it becomes a key. Source: "Characters disallowed in key fields" of the Table service data model:
 * `/ \ # ?` and the control characters U+0000-1F, U+007F-9F. `%` is refused too: some proxies decode it twice.
 */
export function keyPart(what: string, part: string): string {
  if (part === '') throw new InvalidKey(`${what} is empty: it cannot be a key of the Table service`);
  if (part.length > maxPart)
    throw new InvalidKey(
      `${what} has ${part.length} characters; a key of the Table service holds at most ${maxPart} of it`,
    );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[/\\#?%\u0000-\u001f\u007f-\u009f]/.test(part) || !part.isWellFormed())
    throw new InvalidKey(
      `${what} ${JSON.stringify(part)} has a character that a key of the Table service cannot hold (/ \\ # ? % or a control character)`,
    );
  return part;
}
