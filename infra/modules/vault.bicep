// Key Vault: for the secret of a credential other than the federated one, the refresh token of app+user, and the webhook's address.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Workspace for the audit log.')
param workspaceId string
@description('Whether it is reached through the virtual network alone.')
param privateNetwork bool

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: names.vault
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    // Access by roles: vault access policies would be a second place to look at.
    enableRbacAuthorization: true
    enableSoftDelete: true
    // What is deleted comes back for 90 days, and until then nobody can take its name.
    enablePurgeProtection: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }
}

// Every reading of the secret, and who it was: a few rows a day.
#disable-next-line use-recent-api-versions // there is no stable version of this type
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('Address of the vault, as the settings want it: without a slash at its end.')
output vaultUri string = 'https://${vault.name}${environment().suffixes.keyvaultDns}'
