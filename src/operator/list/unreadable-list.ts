/** The list as a whole cannot be read: what it is, and what to do about it. Nothing of it was used. */
export class UnreadableList extends Error {
  override readonly name = 'UnreadableList';
}
