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
    RUNBOOK_URL: 'https://wiki.example.com/runbook',
    OPERATORS_GROUP_ID: operatorsGroup,
    PRODUCER_PRINCIPAL_IDS: producers.join(','),
    ALLOWED_ADDRESSES: '203.0.113.0/24,198.51.100.7/32',
    LOG_RETENTION_DAYS: '90',
    UPDATE_STRATEGY: 'Recreate',
  },
  webhook: { ...least, NOTIFY: 'true' },
  secret: { ...least, PARTNER_CREDENTIAL: 'secret' },
  certificate: { ...least, PARTNER_CREDENTIAL: 'certificate' },
  person: { ...least, PARTNER_SIGN_IN: 'app+user' },
  private: { ...least, PRIVATE: 'true', OPERATORS_GROUP_ID: operatorsGroup },
  alwaysReady: {
    ...least,
    ALWAYS_READY: 'checkout,checkoutUrgent,pollPendingOrders',
    ZONE_REDUNDANT: 'true',
  },
  /** For who may make role assignments and locks, and no roles. */
  withoutRoles: { ...least, CUSTOM_ROLES: 'false', OPERATORS_GROUP_ID: operatorsGroup },
  withoutLock: { ...least, LOCK_TABLES: 'false' },
  /** For who may make role assignments alone. */
  withoutRights: { ...least, CUSTOM_ROLES: 'false', LOCK_TABLES: 'false' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type Variant = keyof typeof variants;
