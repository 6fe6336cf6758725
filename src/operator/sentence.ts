/** Foreign words within our own sentences: some come with a full stop, some without. */

/** Without the full stop at its end, for the middle of a sentence. */
export const withoutDot = (text: string): string => text.trimEnd().replace(/\.+$/, '');

/** With one mark at its end, for a sentence of its own; nothing stays nothing. */
export function asSentence(text: string): string {
  const words = text.trimEnd();
  return words === '' || /[.!?:…]$/.test(words) ? words : `${words}.`;
}
