// The private endpoint of the function app itself, with PRIVATE=true: HTTP functions and deployments come through it.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('The network, where the name of the app is resolved.')
param networkId string
@description('The subnet of the private endpoints.')
param subnetId string

resource app 'Microsoft.Web/sites@2025-03-01' existing = { name: names.app }

var zoneNames = {
  AzureCloud: 'privatelink.azurewebsites.net'
  AzureChinaCloud: 'privatelink.chinacloudsites.cn'
  AzureUSGovernment: 'privatelink.azurewebsites.us'
}

module endpoint 'private-endpoint.bicep' = {
  params: {
    location: location
    tags: tags
    name: 'pe-app'
    serviceId: app.id
    part: 'sites'
    zoneName: zoneNames[environment().name]
    networkId: networkId
    subnetId: subnetId
  }
}
