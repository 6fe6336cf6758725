/** Settings files as people's tools write them: `azd env get-values > night.env`, also in Windows PowerShell. */

/**
 * `NAME=value` lines. UTF-8 with or without a byte order mark, UTF-16 with one (`>` of Windows PowerShell 5 writes it), any line
 * ends. A value may stand in quotes; in double quotes `\\`, `\"`, `\$`, `` \` ``, `\!` and `\n` are escapes, as azd writes them.
 * Throws `Error` for bytes that are no text.
 */
export function readEnvFile(bytes: Uint8Array): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const line of textOf(bytes).split(/\r\n|\n|\r/)) {
    const [, name, rest = ''] = /^\s*(?:export\s+|\$env:)?([A-Za-z_][\w.:-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) settings[name] = parseValue(rest.trim());
  }
  return settings;
}

function textOf(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    // The decoder takes the mark away.
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8, and no UTF-16 with a byte order mark');
  }
  if (text.includes('\0')) throw new Error('it is UTF-16 without a byte order mark, or a binary file');
  return text;
}

function parseValue(text: string): string {
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (double !== undefined)
    return double.replace(/\\([\\"$`!n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  const single = /^'([^']*)'/.exec(text)?.[1];
  if (single !== undefined) return single;
  // A comment follows a space: a connection string may hold the sign itself.
  const comment = text.search(/\s#/);
  return (comment < 0 ? text : text.slice(0, comment)).trimEnd();
}
