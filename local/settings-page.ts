import { partner, settingNames, settingOf, shared } from '../src/config/settings.ts';

/** `docs/settings.md`, made from the schema that reads the settings. */
export function settingsPage(): string {
  return `# Settings

\`npm run docs\` makes this page from \`src/config/settings.ts\`. A test fails if it differs.

All of them are app settings (environment variables). The worker reads them once, when it starts. If a
setting is missing or wrong, the worker claims no message. It logs one line with a sentence for each wrong setting, and
\`GET /api/health\` answers 503 with the same line. The line never shows a wrong value, only its length and kind. An empty setting is
wrong: leave it out to use the default. Each setting can be a Key Vault reference.

Most lengths of time are constants in \`src/domain/times.ts\`, because they depend on each other and a wrong one could buy twice.

## For the worker and the command line

${rows(shared)}

Service Bus and the tables each need one of their two ways to connect.

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
