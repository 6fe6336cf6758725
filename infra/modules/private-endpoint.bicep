// One private endpoint: an address of the service in the network, and the zone that lets its usual name lead there.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags { *: string }
@description('Name of the endpoint.')
param name string
@description('Resource id of the service.')
param serviceId string
@description('The part of the service, as Private Link calls it.')
param part 'blob' | 'table' | 'namespace' | 'vault' | 'sites'
@description('Name of the private DNS zone.')
param zoneName string
@description('Resource id of the network that resolves the name.')
param networkId string
@description('Resource id of the subnet of the endpoint.')
param subnetId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: last(split(networkId, '/'))
    location: 'global'
    tags: tags
    properties: { virtualNetwork: { id: networkId }, registrationEnabled: false }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: name, properties: { privateLinkServiceId: serviceId, groupIds: [part] } }
    ]
  }

  resource record 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: part, properties: { privateDnsZoneId: zone.id } }] }
  }
}
