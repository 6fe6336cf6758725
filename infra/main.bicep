// The checkout worker in Azure, from nothing, with no secret in any setting: docs/deploy.md.
targetScope = 'subscription'

import { toNames } from 'modules/names.bicep'

@description('Name of the azd environment: part of the resource group\'s name, and the tag azd-env-name on everything.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of all resources. It must offer the Flex Consumption plan.')
@metadata({ azd: { type: 'location' } })
param location string

@description('The partner\'s tenant, a GUID.')
@minLength(36)
@maxLength(36)
param partnerTenantId string

@description('Client id of the app registration in the partner tenant, a GUID.')
@minLength(36)
@maxLength(36)
param partnerClientId string

@description('Cloud of the partner tenant; not the cloud that this is deployed to.')
@allowed(['global', 'china', 'usgovernment'])
param partnerCenterCloud string

@description('How the app registration proves who it is. All but federated read their secret from the vault.')
@allowed(['federated', 'certificate', 'secret'])
param partnerCredential string

@description('For whom tokens are asked: the app alone, or the app and a person who consented (Secure Application Model).')
@allowed(['app', 'app+user'])
param partnerSignIn string

@description('Calls to Partner Center in a minute, all instances together, before anything is known of the real limit.')
@minValue(1)
@maxValue(500)
param callsPerMinute int

@description('The gate\'s limit never grows above this. Documented are 500 a minute for one tenant, other tools included.')
@minValue(1)
@maxValue(500)
param callsPerMinuteCeiling int

@description('Spend guard: jobs that may be started on one UTC day. 0 is no guard.')
@minValue(0)
param maxJobsPerDay int

@description('After so many hours of pending an order is a matter for a person.')
@minValue(1)
@maxValue(720)
param pendingAlarmHours int

@description('Version of Node.js.')
@allowed(['22', '24'])
param nodeVersion string

@description('Replication of the account with the tables: ZRS, or LRS where the region has no zones.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GZRS'])
param tablesReplication string

@description('Who is mailed by the alerts. Empty: nobody, and the alerts show in the portal alone.')
param alertEmail string

@description('Whether a webhook is told of new attention and of the end of a batch. Its address is the secret notify-url of the vault.')
param notify bool

@description('Where the people who are told read the runbook: the address of the page.')
param runbookUrl string

@description('Object id of the Entra group of the people who operate the worker. Empty: nobody gets a role.')
param operatorsGroupId string

@description('Object ids of the service principals and managed identities that send jobs.')
param producerPrincipalIds string[]

@description('Whether a lock keeps the account with the tables from being deleted. Only Owner, User Access Administrator and Locks Contributor may make one.')
param lockTables bool

@description('Whether narrow custom roles are made: the scale controller reads queue lengths, and operators cannot delete rows but can restart the app. Only Owner and User Access Administrator may make one.')
param customRoles bool

@description('Functions that always have an instance ready, like checkoutUrgent. Each costs money while it waits.')
param alwaysReady string[]

@description('Whether the instances of the app are spread over zones. The platform then keeps two instances ready for each function.')
param zoneRedundant bool

@description('How the platform replaces instances at a deployment: RollingUpdate lets what runs end, Recreate ends it at once.')
@allowed(['RollingUpdate', 'Recreate'])
param updateStrategy string

@description('Address ranges (CIDR) that may call the HTTP functions. Empty: all.')
param allowedAddresses string[]

@description('Days for which logs and telemetry are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int

@description('Whether everything but the telemetry is reached through a virtual network alone.')
param privateNetwork bool

var names = toNames(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var federatedAudiences = {
  global: 'api://AzureADTokenExchange'
  china: 'api://AzureADTokenExchangeChina'
  usgovernment: 'api://AzureADTokenExchangeUSGov'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    alertEmail: alertEmail
    logRetentionDays: logRetentionDays
  }
}

module messaging 'modules/messaging.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    privateNetwork: privateNetwork
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    tablesReplication: tablesReplication
    lockTables: lockTables
    workspaceId: monitoring.outputs.workspaceId
    privateNetwork: privateNetwork
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    privateNetwork: privateNetwork
  }
}

module access 'modules/access.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    operatorsGroupId: operatorsGroupId
    producerPrincipalIds: producerPrincipalIds
    customRoles: customRoles
    vaultIsRead: partnerCredential != 'federated' || notify
    vaultIsWritten: partnerSignIn == 'app+user'
  }
  dependsOn: [messaging, storage, vault, monitoring]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
  }
  dependsOn: [messaging, storage, vault]
}

// It takes the identity from `access`, and so is made after the roles: without them its first start would fail.
module app 'modules/app.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    nodeVersion: nodeVersion
    identityId: access.outputs.identityId
    identityClientId: access.outputs.identityClientId
    namespaceHost: messaging.outputs.namespaceHost
    tableServiceUri: storage.outputs.tableServiceUri
    partnerTenantId: partnerTenantId
    partnerClientId: partnerClientId
    partnerCenterCloud: partnerCenterCloud
    partnerCredential: partnerCredential
    partnerSignIn: partnerSignIn
    callsPerMinute: callsPerMinute
    callsPerMinuteCeiling: callsPerMinuteCeiling
    maxJobsPerDay: maxJobsPerDay
    pendingAlarmHours: pendingAlarmHours
    notify: notify
    runbookUrl: runbookUrl
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    updateStrategy: updateStrategy
    allowedAddresses: allowedAddresses
    privateNetwork: privateNetwork
    workerSubnetId: network.?outputs.workerSubnetId
  }
}

module entrance 'modules/entrance.bicep' = if (privateNetwork) {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    networkId: network.?outputs.networkId ?? ''
    subnetId: network.?outputs.endpointSubnetId ?? ''
  }
  dependsOn: [app]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
    actionGroupId: monitoring.outputs.actionGroupId
    runbook: runbookUrl
  }
  dependsOn: [messaging]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    names: names
    tags: tags
  }
  dependsOn: [messaging, monitoring]
}

// azd keeps the outputs in its environment. Those with a setting's name let `azd env get-values` serve the command line
// as its settings file; AZURE_CLIENT_ID is not among them, because people sign in as themselves.
@description('Region.')
output AZURE_LOCATION string = location
@description('Tenant of the subscription.')
output AZURE_TENANT_ID string = tenant().tenantId
@description('Resource group of everything.')
output AZURE_RESOURCE_GROUP string = group.name
@description('The function app.')
output AZURE_FUNCTION_NAME string = names.app
@description('Azure Resource Manager of this cloud.')
output AZURE_RESOURCE_MANAGER string = environment().resourceManager
@description('Where its HTTP functions are, with the ending of this cloud.')
output WORKER_ADDRESS string = app.outputs.address
@description('The vault: for the secret of the credential, where it has one.')
output AZURE_KEY_VAULT_NAME string = names.vault
@description('Address of the vault, with the ending of this cloud.')
output AZURE_KEY_VAULT_URI string = vault.outputs.vaultUri
@description('The account whose tables are the memory of what was bought.')
output TABLES_ACCOUNT_NAME string = names.tablesAccount
@description('Issuer of the federated credential: the sign-in of this cloud, and the tenant of the subscription.')
output FEDERATED_ISSUER string = '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
@description('Audience of the federated credential, in the cloud of the partner tenant.')
output FEDERATED_AUDIENCE string = federatedAudiences[partnerCenterCloud]
@description('Subject of the federated credential that the app registration must trust.')
output WORKER_IDENTITY_PRINCIPAL_ID string = access.outputs.identityPrincipalId
@description('Role assignments of this deployment. `doctor` compares them with those that are there.')
output ROLE_ASSIGNMENTS string = access.outputs.roleAssignments
@description('Setting of the command line.')
output ServiceBusConnection__fullyQualifiedNamespace string = messaging.outputs.namespaceHost
@description('Setting of the command line.')
output TablesConnection__tableServiceUri string = storage.outputs.tableServiceUri
@description('Setting of the command line.')
output CHECKOUT_QUEUE string = names.queue
@description('Setting of the command line.')
output URGENT_QUEUE string = names.urgentQueue
@description('Setting of the command line.')
output EVENTS_TOPIC string = names.topic
