/** What stands behind a failed connection, so that `doctor` advises what helps: a role mends no network. */

/** What was asked, in the words of its remedies. */
export interface Asked {
  /** Like `the table service`. */
  readonly service: string;
  /** The setting that names the address. */
  readonly setting: string;
  /** What a missing role is cured by. */
  readonly role: string;
  /** What to do when the thing itself is not there. */
  readonly missing: string;
}

export const failureCauses = [
  'name',
  'network',
  'certificate',
  'sign-in',
  'firewall',
  'role',
  'missing',
  'other',
] as const;
export type FailureCause = (typeof failureCauses)[number];

/** Codes of Node's sockets and of the Azure clients; the first line that matches counts. */
const signs: readonly (readonly [FailureCause, RegExp])[] = [
  ['certificate', /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_|certificate/i],
  ['name', /ENOTFOUND|EAI_AGAIN|getaddrinfo/],
  [
    'sign-in',
    /AADSTS\d|CredentialUnavailable|AuthenticationRequired|AuthenticationError|DefaultAzureCredential|ManagedIdentityCredential|InvalidAuthenticationInfo|az login|\b401\b/i,
  ],
  ['firewall', /AuthorizationFailure|IpAddress|not allowed to access|public (?:network )?access/i],
  ['role', /UnauthorizedAccess|AuthorizationPermissionMismatch|Unauthorized access|\b403\b/i],
  ['missing', /MessagingEntityNotFound|MessageEntityNotFound|TableNotFound|ResourceNotFound|\b404\b/],
  [
    'network',
    /ECONN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|socket hang up|ServiceCommunicationProblem|ServiceTimeout|OperationTimeout|time limit|timed? ?out|operation was aborted|endpoints_resolution_error|network_error|No answer/i,
  ],
];

/** Reads the error's name, code and message; those of the errors that it holds too. */
export function causeOf(error: unknown): FailureCause {
  const text = wordsIn(error);
  return signs.find(([, sign]) => sign.test(text))?.[0] ?? 'other';
}

function wordsIn(error: unknown): string {
  if (error instanceof AggregateError) return [error.message, ...error.errors.map(wordsIn)].join(' ');
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const status = 'statusCode' in error ? String(error.statusCode) : '';
  return [error.name, code, status, error.message].join(' ');
}

/** One or two sentences. */
export function remedyFor(cause: FailureCause, { service, setting, role, missing }: Asked): string {
  switch (cause) {
    case 'name':
      return `The name of ${service} does not resolve here. Check ${setting}. With a private endpoint, run this inside its network.`;
    case 'network':
      return `${capital(service)} does not answer here. Check the network, the firewall and ${setting}; behind a proxy set HTTPS_PROXY and add --websockets.`;
    case 'certificate':
      return `The certificate of ${service} is not trusted here. If a proxy opens TLS connections, name its certificate in NODE_EXTRA_CA_CERTS.`;
    case 'sign-in':
      return 'Nobody is signed in here, or the sign-in is refused. Run: az login, with the tenant of the deployment.';
    case 'firewall':
      return `The firewall of ${service} does not let this machine in. Add its address, or run this inside the network. If the firewall is open: ${role}`;
    case 'role':
      return role;
    case 'missing':
      return missing;
    case 'other':
      return `See the message above. If it names no cause, check ${setting} and the network first.`;
  }
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
