// The page "Tonight" in the portal, under Application Insights, Workbooks.

import { Names } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = { name: names.namespace }
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = { name: names.applicationInsights }

resource tonight 'Microsoft.Insights/workbooks@2023-06-01' = {
  // It must be a GUID.
  name: guid(resourceGroup().id, 'tonight')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tonight'
    category: 'workbook'
    version: '1.0'
    sourceId: applicationInsights.id
    serializedData: replace(
      replace(loadTextContent('../workbook.json'), '__APPINSIGHTS_ID__', applicationInsights.id),
      '__SERVICEBUS_ID__',
      namespace.id
    )
  }
}
