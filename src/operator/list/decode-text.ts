/** The bytes of a list as text. */
import { UnreadableList } from './unreadable-list.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Bytes as text, piece by piece: UTF-8 with or without BOM, UTF-16 with one. Throws `UnreadableList`. */
export async function* decodeText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let head: Uint8Array = new Uint8Array();
  let decode: ((chunk: Uint8Array, more: boolean) => string) | undefined;
  for await (const chunk of bytes) {
    if (decode === undefined) {
      head = Buffer.concat([head, chunk]);
      if (head.length < 4) continue;
      decode = decoderOf(head);
      yield decode(head, true);
    } else yield decode(chunk, true);
  }
  yield decode === undefined ? decoderOf(head)(head, false) : decode(new Uint8Array(), false);
}

function decoderOf(head: Uint8Array): (chunk: Uint8Array, more: boolean) => string {
  const encoding = encodingOf(head);
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  return (chunk, more) => {
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: more });
    } catch {
      throw new UnreadableList(
        `After line ${line} there are bytes that are no ${encoding.toUpperCase()}. Save the list as UTF-8 (in Excel: "CSV UTF-8").`,
      );
    }
    if (text.includes('\0'))
      throw new UnreadableList(
        'It holds NUL characters: a binary file, or UTF-16 without the mark at its start. Save it as UTF-8.',
      );
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line += 1;
    return text;
  };
}

function encodingOf([a, b, c, d]: Uint8Array): Encoding {
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4)
    throw new UnreadableList('It is an Excel workbook or another zip file. Save the sheet as "CSV UTF-8".');
  if (a === 0x1f && b === 0x8b)
    throw new UnreadableList('It is compressed with gzip: gunzip -c FILE | npx partner-checkout enqueue -');
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return 'utf-8';
}
