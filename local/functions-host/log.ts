/** The levels of the Functions host, least first. */
const levels = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'] as const;
export type LogLevel = (typeof levels)[number];

/** Category as in Azure: `Host.…` for the host, `Function.<name>` for its word on a run, `Function.<name>.User` for the handler's. */
export type Log = (level: LogLevel, category: string, message: string) => void;

/** A log that keeps host.json's `logging.logLevel`: the longest key that begins the category decides. */
export function createLog(logLevels: Readonly<Record<string, string>>, write: (line: string) => void): Log {
  return (level, category, message) => {
    if (rank(level) < rank(leastLevel(logLevels, category.toLowerCase()))) return;
    write(`${new Date().toISOString()} ${level} ${category}: ${withoutSecrets(message)}`);
  };
}

function leastLevel(logLevels: Readonly<Record<string, string>>, category: string): string {
  let best = 'default';
  for (const key of Object.keys(logLevels)) {
    const covers = category === key || category.startsWith(`${key}.`);
    if (covers && (best === 'default' || key.length > best.length)) best = key;
  }
  return logLevels[best] ?? 'information';
}

/** An unknown level hides nothing. */
const rank = (level: string): number => (levels as readonly string[]).indexOf(level);

/** Connection strings and signed addresses turn up in the errors of SDKs. */
function withoutSecrets(text: string): string {
  return text.replace(
    /\b(SharedAccessKey|AccountKey|SharedAccessSignature|sig|client_secret)=[^;&\s"']+/gi,
    '$1=***',
  );
}
