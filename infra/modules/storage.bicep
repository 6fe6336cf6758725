// Two storage accounts: one for the Functions host (its leases, the deployed package), and one for the tables, which are
// the only memory of what was bought. A mishap with the first costs a deployment.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Replication of the account with the tables.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GZRS'])
param tablesReplication string
@description('Whether a lock keeps the account with the tables from being deleted.')
param lockTables bool
@description('Whether the accounts are reached through the virtual network alone.')
param privateNetwork bool
@description('Workspace for metrics.')
param workspaceId string

var tableNames = ['Checkouts', 'Schedule', 'Attention', 'Batches', 'Gate']

var closed = {
  allowSharedKeyAccess: false
  allowBlobPublicAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
}

resource host 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: names.hostAccount
  location: location
  tags: tags
  kind: 'StorageV2'
  // Without it no timer runs and no instance starts. So it has the zones that the tables have; another region has no use for it.
  sku: { name: tablesReplication == 'Standard_LRS' ? 'Standard_LRS' : 'Standard_ZRS' }
  properties: closed

  resource blobs 'blobServices' = {
    name: 'default'
    resource package 'containers' = {
      name: names.packageContainer
    }
  }
}

resource tables 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: names.tablesAccount
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: tablesReplication }
  properties: closed

  resource service 'tableServices' = {
    name: 'default'
    resource each 'tables' = [
      for name in tableNames: {
        name: name
      }
    ]
  }
}

// Without these tables the worker would buy carts again whose jobs come again. `azd down` fails at it, on purpose: docs/deploy.md.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (lockTables) {
  scope: tables
  name: 'keep-what-was-bought'
  properties: {
    level: 'CanNotDelete'
    notes: 'The tables are the only memory of what was bought. Export them before you take this lock away.'
  }
}

// Metrics, and who deleted what: a rescheduled job and a polled order delete a row each. A log row for every request
// would cost more than the requests.
#disable-next-line use-recent-api-versions // there is no stable version of this type
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tables::service
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
    logs: [{ category: 'StorageDelete', enabled: true }]
  }
}

@description('The table service, as the setting wants it: without a slash at its end.')
output tableServiceUri string = 'https://${tables.name}.table.${environment().suffixes.storage}'
