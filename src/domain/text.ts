/** Texts from outside: cut to a length, and what an error says. Used wherever one is kept or reported. */

/**
 * The first `most` UTF-16 units of a text, never half of a character. What came in ill-formed goes on well-formed: readers
 * of JSON refuse a lone surrogate.
 */
export function cutText(text: string, most: number): string {
  const cut = text.slice(0, most);
  const last = cut.charCodeAt(cut.length - 1);
  const isHalf = cut.length < text.length && last >= 0xd800 && last <= 0xdbff;
  return (isHalf ? cut.slice(0, -1) : cut).toWellFormed();
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
