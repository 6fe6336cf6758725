// The function app: plan, app, settings.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Version of Node.js.')
param nodeVersion string
@description('Resource id of the identity.')
param identityId string
@description('Client id of the identity.')
param identityClientId string
@description('Host name of the Service Bus namespace.')
param namespaceHost string
@description('The table service.')
param tableServiceUri string
@description('The partner\'s tenant.')
param partnerTenantId string
@description('The app registration.')
param partnerClientId string
@description('Cloud of the partner tenant.')
param partnerCenterCloud string
@description('Kind of credential.')
param partnerCredential string
@description('For whom tokens are asked.')
param partnerSignIn string
@description('Calls a minute at the start.')
param callsPerMinute int
@description('The most calls a minute.')
param callsPerMinuteCeiling int
@description('Jobs a day; 0 is no guard.')
param maxJobsPerDay int
@description('Hours until a pending order alarms.')
param pendingAlarmHours int
@description('Whether a webhook is told what happens.')
param notify bool
@description('Address of the runbook.')
param runbookUrl string
@description('Functions that always have an instance ready.')
param alwaysReady string[]
@description('Whether instances are spread over zones.')
param zoneRedundant bool
@description('How instances are replaced at a deployment.')
param updateStrategy string
@description('Address ranges that may call the HTTP functions; empty is all.')
param allowedAddresses string[]
@description('Whether it is reached, and reaches the others, through the virtual network alone.')
param privateNetwork bool
@description('The subnet of the app in that network.')
param workerSubnetId string?

// How many instances. Partner Center's budget of calls bounds the throughput, so by Little's law
//
//   calls in flight = calls a second x seconds a call
//
// The worker's lane has 80 % of the budget and takes what the poller leaves: all of it at times, at most 400 calls a minute. A
// checkout takes 5.5 s on the mean. So 6.67 x 5.5 = 36.7 calls in flight use all of the budget there can be, and at 40 jobs an
// instance (host.json) that is 1 instance. More would hold messages under lock while they wait for the gate, and buy nothing.
var jobsPerInstance = loadJsonContent('../../host.json', 'extensions.serviceBus.maxConcurrentCalls')
var meanCallMs = 5500
// Rounded up, in whole numbers.
var perInstance = jobsPerInstance * 60000
var instancesForJobs = (callsPerMinuteCeiling * meanCallMs + perInstance - 1) / perInstance

// Who may call the HTTP functions; deployments are not restricted by it.
var restrictions = empty(allowedAddresses)
  ? {}
  : {
      ipSecurityRestrictionsDefaultAction: 'Deny'
      ipSecurityRestrictions: map(range(0, length(allowedAddresses)), i => {
        name: 'allowed-${i}'
        ipAddress: allowedAddresses[i]
        action: 'Allow'
        priority: 100 + i
      })
    }

resource hostAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: names.hostAccount }
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = { name: names.applicationInsights }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: names.plan
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: names.app
  location: location
  // azd finds by this tag where the service `worker` of azure.yaml goes.
  tags: union(tags, { 'azd-service-name': 'worker' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: workerSubnetId
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled', ...restrictions }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostAccount.properties.primaryEndpoints.blob}${names.packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        // The worker needs 160 MB on a usual night. Its heap may grow to 512 MB when Partner Center answers with lists of 64 MiB, and the
        // host stands beside it: the size below, 512 MB, has no room for that.
        instanceMemoryMB: 2048
        // Of each function, and of those of HTTP together: none of them takes an instance away from another.
        // Not below the instances that are always ready, of which zones have two.
        maximumInstanceCount: max(instancesForJobs, zoneRedundant ? 2 : 1)
        alwaysReady: map(alwaysReady, name => { name: 'function:${name}', instanceCount: zoneRedundant ? 2 : 1 })
      }
      // RollingUpdate is a preview. It lets deliveries that run end; Recreate ends them at once, in the middle of a paid call.
      #disable-next-line BCP037 // the types do not know it yet; ARM takes it from 2023-12-01 on
      siteUpdateStrategy: { type: updateStrategy }
    }
  }

  // Deployment by Entra alone: no publishing password.
  resource noFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    // Without it, some regions have answered 51008, "The parameter location has an invalid value" (bicep-types-az 1526).
    #disable-next-line BCP187
    location: location
    properties: { allow: false }
  }
  resource noPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    #disable-next-line BCP187
    location: location
    properties: { allow: false }
  }

  // Replaces all app settings at each deployment: one that was set by hand is gone after it.
  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      ...hostSettings
      ...workerSettings
      ...(partnerCredential != 'federated' || partnerSignIn == 'app+user'
        ? { PARTNER_VAULT: 'https://${names.vault}${environment().suffixes.keyvaultDns}' }
        : {})
      ...(notify
        ? { NOTIFY_URL: 'https://${names.vault}${environment().suffixes.keyvaultDns}/secrets/notify-url' }
        : {})
      ...(maxJobsPerDay == 0 ? {} : { MAX_JOBS_PER_DAY: string(maxJobsPerDay) })
    }
  }
}

// Read by the Functions host.
var hostSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: hostAccount.properties.primaryEndpoints.blob
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
  // No request may bring more than what POST /api/jobs takes: the host refuses it unread.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576'
  // The heap of the Node process that runs the functions: as much as it needs (docs/decisions/host-json.md).
  languageWorkers__node__arguments: '--max-old-space-size=512 --max-semi-space-size=4'
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// Read by the worker (docs/settings.md); the first three by the host too, for the triggers.
var workerSettings = {
  ServiceBusConnection__fullyQualifiedNamespace: namespaceHost
  CHECKOUT_QUEUE: names.queue
  URGENT_QUEUE: names.urgentQueue
  EVENTS_TOPIC: names.topic
  TablesConnection__tableServiceUri: tableServiceUri
  AZURE_CLIENT_ID: identityClientId
  PARTNER_CENTER_CLOUD: partnerCenterCloud
  PARTNER_TENANT_ID: partnerTenantId
  PARTNER_CLIENT_ID: partnerClientId
  PARTNER_CREDENTIAL: partnerCredential
  PARTNER_SIGN_IN: partnerSignIn
  CALLS_PER_MINUTE: string(callsPerMinute)
  CALLS_PER_MINUTE_CEILING: string(callsPerMinuteCeiling)
  PENDING_ALARM_HOURS: string(pendingAlarmHours)
  RUNBOOK_URL: runbookUrl
}

@description('Where the HTTP functions are.')
output address string = 'https://${app.properties.defaultHostName}'
