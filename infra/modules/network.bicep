// The virtual network of PRIVATE=true: the worker's subnet, private endpoints for what it reaches, and one address to the
// outside, because Partner Center and Entra are on the internet.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = { name: names.namespace }
resource hostAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: names.hostAccount }
resource tablesAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: names.tablesAccount }
resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = { name: names.vault }

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: names.outboundAddress
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

// New subnets have no way out of their own.
resource outbound 'Microsoft.Network/natGateways@2025-05-01' = {
  name: names.natGateway
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: names.network
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.80.0.0/24'] }
    subnets: [
      {
        name: workerSubnet
        properties: {
          // Each instance takes an address; 27 of them are more than the budget of calls keeps busy.
          addressPrefix: '10.80.0.0/27'
          natGateway: { id: outbound.id }
          defaultOutboundAccess: false
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: endpointSubnet
        properties: { addressPrefix: '10.80.0.64/26', defaultOutboundAccess: false }
      }
    ]
  }

  resource worker 'subnets' existing = { name: workerSubnet }
  resource endpoints 'subnets' existing = { name: endpointSubnet }
}

var workerSubnet = 'worker'
var endpointSubnet = 'endpoints'

// By cloud: environment() has no suffix for these.
var busZones = {
  AzureCloud: 'privatelink.servicebus.windows.net'
  AzureChinaCloud: 'privatelink.servicebus.chinacloudapi.cn'
  AzureUSGovernment: 'privatelink.servicebus.usgovcloudapi.net'
}
var vaultZones = {
  AzureCloud: 'privatelink.vaultcore.azure.net'
  AzureChinaCloud: 'privatelink.vaultcore.azure.cn'
  AzureUSGovernment: 'privatelink.vaultcore.usgovcloudapi.net'
}

module blobEndpoint 'private-endpoint.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'pe-blob'
    serviceId: hostAccount.id
    part: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    networkId: network.id
    subnetId: network::endpoints.id
  }
}

module tableEndpoint 'private-endpoint.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'pe-table'
    serviceId: tablesAccount.id
    part: 'table'
    zoneName: 'privatelink.table.${environment().suffixes.storage}'
    networkId: network.id
    subnetId: network::endpoints.id
  }
}

module busEndpoint 'private-endpoint.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'pe-bus'
    serviceId: namespace.id
    part: 'namespace'
    zoneName: busZones[environment().name]
    networkId: network.id
    subnetId: network::endpoints.id
  }
}

module vaultEndpoint 'private-endpoint.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'pe-vault'
    serviceId: vault.id
    part: 'vault'
    zoneName: vaultZones[environment().name]
    networkId: network.id
    subnetId: network::endpoints.id
  }
}

@description('The subnet of the app.')
output workerSubnetId string = network::worker.id
@description('The network, where its names are resolved.')
output networkId string = network.id
@description('The subnet of the private endpoints.')
output endpointSubnetId string = network::endpoints.id
