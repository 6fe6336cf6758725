import { partner, settingNames, settingOf, shared } from '../src/config/settings.ts';

/** `docs/settings.md`, made from the schema that reads the settings. */
export function settingsPage(): string {
  return `# Settings

Made from \`src/config/settings.ts\` by \`npm run docs\`; a test refuses a difference.

All of them are app settings (environment variables). The worker reads them once, when it starts. When one is
missing or wrong, it logs one line with a sentence for each, \`GET /api/health\` answers 503 with the same line, and no message is
claimed. No sentence shows a value that could not be read: it gives its length and kind. An empty setting is wrong: leave it out
for its default. A Key Vault reference works for each of them.

All lengths of time but the few below are constants in \`src/domain/times.ts\`: they depend on each other, and a wrong one could buy
twice.

## For the worker and the command line

${rows(shared)}

One of the two ways to connect is needed for Service Bus and for the tables.

## For Partner Center

The worker needs these, and so do the commands that call Partner Center. \`PARTNER_TENANT_ID\` and \`PARTNER_CLIENT_ID\` are always
needed.

${rows(partner)}
`;
}

function rows(group: object): string {
  const names = settingNames.filter((name) => name in group);
  const lines = names.map((name) => {
    const { meaning, fallback, secret } = settingOf(name);
    return `| \`${name}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${meaning}${secret ? ' Secret.' : ''} |`;
  });
  return ['| setting | default | meaning |', '|---|---|---|', ...lines].join('\n');
}
