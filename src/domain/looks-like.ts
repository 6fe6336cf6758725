/**
 * Says what a wrong value looks like without showing it. Used in error messages about settings and messages.
 */

/**
 * A value that could not be read, as an error may show it: its length and its kind, and never a part of it. A secret that
 * stands in the wrong setting, or after the wrong option, must not reach a log.
 */
export function describeValue(text: string): string {
  if (text === '') return 'empty';
  if (text.trim() === '') return `blank (${characters(text)})`;
  const kind = kinds.find(([, matches]) => matches(text.trim()))?.[0];
  return `a text of ${characters(text)}${kind === undefined ? '' : ` that looks like ${kind}`} (not shown)`;
}

/** So many characters of a value in a row are too many. */
const telling = 6;

/** A sentence of a library, without what it quotes of these values. */
export function withoutValues(sentence: string, values: readonly string[]): string {
  const lower = sentence.toLowerCase();
  const all = values.map((value) => value.toLowerCase()).join('\n');
  let shown = '';
  for (let at = 0; at < sentence.length; ) {
    let end = at;
    // `lower` may be longer or shorter than the sentence, but only for letters that no setting has.
    if (all.includes(lower.slice(at, at + telling)) && at + telling <= lower.length) {
      end = at + telling;
      while (end < lower.length && all.includes(lower.slice(end - telling + 1, end + 1))) end += 1;
    }
    shown += end > at ? '(not shown)' : sentence.charAt(at);
    at = end > at ? end : at + 1;
  }
  return shown;
}

const characters = (text: string): string =>
  text.length === 1 ? '1 character' : `${text.length} characters`;

/** The first that matches names the kind. Each expression reads the text once: what is shown here can be long. */
const kinds: readonly (readonly [string, (text: string) => boolean])[] = [
  ['a single letter', (text) => /^\p{L}$/u.test(text)],
  ['a single digit', (text) => /^\d$/.test(text)],
  [
    'a GUID',
    (text) => /^[{(]?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[)}]?$/i.test(text),
  ],
  ['a private key in PEM', (text) => text.includes('PRIVATE KEY-----')],
  ['a PEM', (text) => text.includes('-----BEGIN')],
  ['an unresolved Key Vault reference', (text) => text.startsWith('@Microsoft.KeyVault(')],
  ['JSON', isJson],
  ['a connection string', (text) => isConnectionString(text)],
  ['a URL with credentials', (text) => urlOf(text) !== undefined && hasCredentials(text)],
  ['a URL with a query', (text) => (urlOf(text)?.search ?? '') !== ''],
  ['a URL', (text) => urlOf(text) !== undefined],
  ['a token (JWT)', (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) && text.startsWith('eyJ')],
  ['an e-mail address', (text) => /^[^\s@]+@[^\s@]+$/.test(text)],
  ['true or false in other letters', (text) => /^(true|false)$/i.test(text)],
  ['a whole number', (text) => /^[+-]?\d+$/.test(text)],
  ['a number', (text) => text.length < 40 && Number.isFinite(Number(text))],
  ['a length of time', (text) => /^\d+(\.\d+)? ?[a-zA-Z]{1,7}$/.test(text)],
  ['a clock time', (text) => /^\d{1,2}:\d\d(:\d\d)?$/.test(text)],
  ['a date', (text) => /^\d{4}-\d\d-\d\d/.test(text)],
  ['text in quotes', (text) => /^["'].*["']$/s.test(text)],
  ['a %NAME% that was not replaced', (text) => /^%\w+%$/.test(text)],
  ['a host name', (text) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(text)],
  ['a path', (text) => /^([a-z]:\\|\.{0,2}\/)\S*$/i.test(text)],
  ['several words', (text) => /\s/.test(text)],
  ['one word', (text) => /^\p{L}{2,20}$/u.test(text)],
];

function isJson(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const isConnectionString = (text: string): boolean =>
  /(^|;)\s*(endpoint|sharedaccess\w*|account\w*|instrumentationkey|defaultendpointsprotocol|tableendpoint)\s*=/i.test(
    text,
  );

function urlOf(text: string): URL | undefined {
  return text.includes('://') && URL.canParse(text) ? new URL(text) : undefined;
}

/** A password, or a signature in the query. */
function hasCredentials(text: string): boolean {
  const url = urlOf(text);
  if (url === undefined) return false;
  return (
    url.username !== '' ||
    url.password !== '' ||
    [...url.searchParams.keys()].some((name) => /^(sig|code|key|token|secret|password)$/i.test(name))
  );
}
