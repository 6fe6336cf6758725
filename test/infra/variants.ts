/** Environments of azd for which the tests look at what would be deployed. */
const least = {
  AZURE_ENV_NAME: 'night',
  AZURE_LOCATION: 'westeurope',
  PARTNER_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  PARTNER_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
};

export const operatorsGroup = '33333333-3333-4333-8333-333333333333';
export const producers = ['44444444-4444-4444-8444-444444444444', '55555555-5555-4555-8555-555555555555'];

export const variants = {
  /** What `azd up` makes when nothing but the partner is named. */
  least,
  /** With people and producers, and every value another one than by default. */
  full: {
    ...least,
    PARTNER_CENTER_CLOUD: 'china',
    PARTNER_CREDENTIAL: 'secret',
    PARTNER_SIGN_IN: 'app+user',
    CALLS_PER_MINUTE: '100',
    CALLS_PER_MINUTE_CEILING: '500',
    MAX_JOBS_PER_DAY: '12000',
    PENDING_ALARM_HOURS: '6',
    NODE_VERSION: '22',
    TABLES_REPLICATION: 'Standard_LRS',
    ALERT_EMAIL: 'night-shift@example.com',
    OPERATORS_GROUP_ID: operatorsGroup,
    PRODUCER_PRINCIPAL_IDS: producers.join(','),
  },
  certificate: { ...least, PARTNER_CREDENTIAL: 'certificate' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type Variant = keyof typeof variants;
