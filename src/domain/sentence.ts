/** Foreign words within our own sentences: some come with a full stop, some without. */

/** Without the full stops at its end, for the middle of a sentence. */
export function withoutDot(text: string): string {
  const words = text.trimEnd();
  let end = words.length;
  // A pattern for them would look at each dot of a long row again and again.
  while (words[end - 1] === '.') end -= 1;
  return words.slice(0, end);
}

/** With one mark at its end, for a sentence of its own; nothing stays nothing. */
export function asSentence(text: string): string {
  const words = text.trimEnd();
  return words === '' || /[.!?:…]$/.test(words) ? words : `${words}.`;
}
