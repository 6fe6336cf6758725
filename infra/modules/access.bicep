// Who may do what. Every role stands here, at the narrowest scope that its work allows, with the reason. Roles are the only
// way in: keys and connection strings are switched off on every resource.

import { Names, queuesOf } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Entra group of the operators; empty is none.')
param operatorsGroupId string
@description('Service principals that send jobs.')
param producerPrincipalIds string[]
@description('Whether the narrow roles are made that Azure does not have.')
param customRoles bool
@description('Whether the app\'s credential, or the webhook\'s address, lies in the vault.')
param vaultIsRead bool
@description('Whether the worker keeps a refresh token in the vault.')
param vaultIsWritten bool

// Built-in roles, the same in every tenant: learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  serviceBusOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05'
}

// User-assigned, so that the roles (and the trust of the app registration) are there before the app first starts, and stay
// when the app is made anew.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.identity
  location: location
  tags: tags
}

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: names.namespace
  resource jobs 'queues' existing = [for name in queuesOf(names): { name: name }]
  resource events 'topics' existing = { name: names.topic }
}
resource hostAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: names.hostAccount }
resource tablesAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: names.tablesAccount }
resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = { name: names.vault }
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = { name: names.applicationInsights }

// --- roles that Azure does not have ---

// Reads lengths and settings of queues. Built in, only Data Owner can, who could delete the queues as well.
resource queueReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customRoles) {
  name: guid(resourceGroup().id, 'queue-reader')
  properties: {
    // Unique in the tenant.
    roleName: 'Checkout queue reader ${names.namespace}'
    description: 'Reads the length and the settings of the queues of the checkout worker.'
    type: 'CustomRole'
    permissions: [{ actions: ['Microsoft.ServiceBus/namespaces/*/read'] }]
    assignableScopes: [resourceGroup().id]
  }
}

// Reads, adds and changes rows of tables. Built in, only Table Data Contributor can, who could delete the ledger as well.
resource rowWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customRoles) {
  name: guid(resourceGroup().id, 'row-writer')
  properties: {
    roleName: 'Checkout row writer ${names.tablesAccount}'
    description: 'Reads, adds and changes rows of the checkout worker, and deletes none.'
    type: 'CustomRole'
    permissions: [
      {
        actions: ['Microsoft.Storage/storageAccounts/tableServices/tables/read']
        dataActions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/read'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/write'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action'
        ]
      }
    ]
    assignableScopes: [resourceGroup().id]
  }
}

// Restarts the app. Built in, only Website Contributor can, who could change its code and its settings as well.
resource restarter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (customRoles) {
  name: guid(resourceGroup().id, 'restarter')
  properties: {
    roleName: 'Checkout restarter ${names.app}'
    description: 'Restarts the checkout worker.'
    type: 'CustomRole'
    permissions: [{ actions: ['Microsoft.Web/sites/restart/action'] }]
    assignableScopes: [resourceGroup().id]
  }
}

// --- the worker ---

// The trigger receives jobs. Not Data Owner, who could delete the queue.
resource workerReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in queuesOf(names): {
    scope: namespace::jobs[i]
    name: guid(namespace::jobs[i].id, identity.id, roles.serviceBusReceiver)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusReceiver)
    }
  }
]

// The scale controller looks at the queues as the worker. Without this right it estimates by peeking. On the namespace, because on
// a queue it was seen not to help (azure-functions-host 8261).
resource workerScales 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (customRoles) {
  scope: namespace
  name: guid(namespace.id, identity.id, 'queue-reader')
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: queueReader.id
  }
}

// It wakes jobs, and sends a message again for later while table storage is unavailable.
resource workerSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in queuesOf(names): {
    scope: namespace::jobs[i]
    name: guid(namespace::jobs[i].id, identity.id, roles.serviceBusSender)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusSender)
    }
  }
]

// It reports what happened.
resource workerPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace::events
  name: guid(namespace::events.id, identity.id, roles.serviceBusSender)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusSender)
  }
}

// It reads and writes the ledger and the other tables.
resource workerRemembers 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: tablesAccount
  name: guid(tablesAccount.id, identity.id, roles.tableContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
  }
}

// The Functions host takes leases (one timer in the fleet), keeps its keys and reads the package. Microsoft names this role
// for AzureWebJobsStorage; a lesser one cannot make the host's containers.
resource workerHosts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, identity.id, roles.blobOwner)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobOwner)
  }
}

// The secret of the credential: the worker reads it whenever it makes a token. The federated credential has none. The webhook's
// address: it is read with each notice.
resource workerReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (vaultIsRead && !vaultIsWritten) {
  scope: vault
  name: guid(vault.id, identity.id, roles.secretsUser)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
  }
}

// Every use of a refresh token gives its successor, which has to be written back. The role reads too.
resource workerKeepsToken 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (vaultIsWritten) {
  scope: vault
  name: guid(vault.id, identity.id, roles.secretsOfficer)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsOfficer)
  }
}

// Telemetry of every kind, in spite of the role's name.
resource workerReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, identity.id, roles.metricsPublisher)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
  }
}

// --- producers ---

// They may send jobs, and nothing else: not even look into the queue.
var sends = flatten(map(
  producerPrincipalIds,
  principal => map(range(0, length(queuesOf(names))), queue => { principal: principal, queue: queue })
))

resource producersSend 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for send in sends: {
    scope: namespace::jobs[send.queue]
    name: guid(namespace::jobs[send.queue].id, send.principal, roles.serviceBusSender)
    properties: {
      principalId: send.principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusSender)
    }
  }
]

// --- operators: what the command line needs ---

// enqueue and retry send jobs, dead letters are looked at and taken away, and status and preflight read the length and the
// settings of a queue.
var operatorsOnQueues = empty(operatorsGroupId)
  ? []
  : customRoles ? [roles.serviceBusReceiver, roles.serviceBusSender] : [roles.serviceBusOwner]
var queueRights = flatten(map(
  operatorsOnQueues,
  role => map(range(0, length(queuesOf(names))), queue => { role: role, queue: queue })
))

resource operatorsQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for right in queueRights: {
    scope: namespace::jobs[right.queue]
    name: guid(namespace::jobs[right.queue].id, operatorsGroupId, right.role)
    properties: {
      principalId: operatorsGroupId
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', right.role)
    }
  }
]

resource operatorsReadQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId) && customRoles) {
  scope: namespace
  name: guid(namespace.id, operatorsGroupId, 'queue-reader')
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: queueReader.id
  }
}

// status, batch and attention read the tables; retry, resolve, pause and resume write them. Nobody needs to delete a row:
// a row that a person closes is marked, and the worker removes its place in the index.
resource operatorsRemember 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId)) {
  scope: tablesAccount
  name: guid(tablesAccount.id, operatorsGroupId, customRoles ? 'row-writer' : roles.tableContributor)
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: customRoles
      ? rowWriter.id
      : subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
  }
}

// Whoever renews the credential, or consents anew, puts it into the vault.
resource operatorsKeepSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId) && (vaultIsRead || vaultIsWritten)) {
  scope: vault
  name: guid(vault.id, operatorsGroupId, roles.secretsOfficer)
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsOfficer)
  }
}

// The portal: workbook, logs, alerts, state of the app. A workbook shows only to somebody who may read every resource that it
// asks, so the scope is the resource group. It reads no row, no message and no secret: those are data.
resource operatorsWatch 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId)) {
  name: guid(resourceGroup().id, operatorsGroupId, roles.monitoringReader)
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringReader)
  }
}

// The runbook's last resort when the timer is dead.
resource operatorsRestart 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorsGroupId) && customRoles) {
  name: guid(resourceGroup().id, operatorsGroupId, 'restarter')
  properties: {
    principalId: operatorsGroupId
    principalType: 'Group'
    roleDefinitionId: restarter.id
  }
}

// --- all of it, for whoever looks for more ---

var perQueue = [for (name, i) in queuesOf(names): [workerReceives[i].name, workerSends[i].name]]
var perProducer = [for (send, i) in sends: producersSend[i].name]
var perQueueRight = [for (right, i) in queueRights: operatorsQueue[i].name]
var perOperator = empty(operatorsGroupId)
  ? []
  : [
      operatorsRemember.name
      operatorsWatch.name
      ...(customRoles ? [operatorsReadQueues.name, operatorsRestart.name] : [])
      ...(vaultIsRead || vaultIsWritten ? [operatorsKeepSecrets.name] : [])
    ]

@description('Names of the role assignments of this deployment, separated by commas. Another one is a right that no parameter asks for.')
output roleAssignments string = join(
  concat(
    flatten(perQueue),
    perProducer,
    perQueueRight,
    perOperator,
    [workerPublishes.name, workerRemembers.name, workerHosts.name, workerReports.name],
    customRoles ? [workerScales.name] : [],
    vaultIsRead && !vaultIsWritten ? [workerReadsSecrets.name] : [],
    vaultIsWritten ? [workerKeepsToken.name] : []
  ),
  ','
)
@description('Resource id of the worker\'s identity.')
output identityId string = identity.id
@description('Client id of the worker\'s identity.')
output identityClientId string = identity.properties.clientId
@description('Object id of the worker\'s identity.')
output identityPrincipalId string = identity.properties.principalId
