// The values come from the azd environment: `azd env set NAME value`. docs/deploy.md lists them.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')

// These have no default: a wrong guess would buy for another partner.
param partnerTenantId = readEnvironmentVariable('PARTNER_TENANT_ID')
param partnerClientId = readEnvironmentVariable('PARTNER_CLIENT_ID')

param partnerCenterCloud = readEnvironmentVariable('PARTNER_CENTER_CLOUD', 'global')
param partnerCredential = readEnvironmentVariable('PARTNER_CREDENTIAL', 'federated')
param partnerSignIn = readEnvironmentVariable('PARTNER_SIGN_IN', 'app')
param callsPerMinute = int(readEnvironmentVariable('CALLS_PER_MINUTE', '300'))
param callsPerMinuteCeiling = int(readEnvironmentVariable('CALLS_PER_MINUTE_CEILING', '400'))
param maxJobsPerDay = int(readEnvironmentVariable('MAX_JOBS_PER_DAY', '0'))
param pendingAlarmHours = int(readEnvironmentVariable('PENDING_ALARM_HOURS', '24'))
param nodeVersion = readEnvironmentVariable('NODE_VERSION', '24')
param tablesReplication = readEnvironmentVariable('TABLES_REPLICATION', 'Standard_ZRS')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param notify = bool(readEnvironmentVariable('NOTIFY', 'false'))
param runbookUrl = readEnvironmentVariable('RUNBOOK_URL', 'docs/runbook.md')
param operatorsGroupId = readEnvironmentVariable('OPERATORS_GROUP_ID', '')
param producerPrincipalIds = filter(split(readEnvironmentVariable('PRODUCER_PRINCIPAL_IDS', ''), ','), id => !empty(id))
param lockTables = bool(readEnvironmentVariable('LOCK_TABLES', 'true'))
param customRoles = bool(readEnvironmentVariable('CUSTOM_ROLES', 'true'))
param alwaysReady = filter(split(readEnvironmentVariable('ALWAYS_READY', ''), ','), name => !empty(name))
param zoneRedundant = bool(readEnvironmentVariable('ZONE_REDUNDANT', 'false'))
param updateStrategy = readEnvironmentVariable('UPDATE_STRATEGY', 'RollingUpdate')
param allowedAddresses = filter(split(readEnvironmentVariable('ALLOWED_ADDRESSES', ''), ','), range => !empty(range))
param logRetentionDays = int(readEnvironmentVariable('LOG_RETENTION_DAYS', '30'))
param privateNetwork = bool(readEnvironmentVariable('PRIVATE', 'false'))
