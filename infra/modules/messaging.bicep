// Service Bus: the queues of jobs, and the topic for what happened to them.

import { Names, queuesOf } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Workspace for metrics and logs.')
param workspaceId string
@description('Whether it is reached through the virtual network alone. Only Premium can do that.')
param privateNetwork bool

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: names.namespace
  location: location
  tags: tags
  // Standard, because Basic has no topics; a job's message has well below its 256 KB. Private endpoints need Premium.
  sku: privateNetwork ? { name: 'Premium', tier: 'Premium', capacity: 1 } : { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }

  resource jobs 'queues' = [
    for name in queuesOf(names): {
      name: name
      properties: {
        // The longest there is: the host renews it up to maxAutoLockRenewalDuration (host.json), and a lock that survives a
        // few lost renewals keeps a second delivery from running beside the first.
        lockDuration: 'PT5M'
        // Only crashes count here: back-offs and waits are sent as new messages. A message that killed ten workers is
        // dead-lettered.
        maxDeliveryCount: 10
        // Longer than any outage; what expires all the same is kept among the dead letters. A job's own time limit is
        // notAfter.
        defaultMessageTimeToLive: 'P14D'
        deadLetteringOnMessageExpiration: true
        // The ledger knows every cart for ever. Detection here would swallow a retry, and a job that was sent again on
        // purpose.
        requiresDuplicateDetection: false
        requiresSession: false
      }
    }
  ]

  resource events 'topics' = {
    name: names.topic
    properties: {
      // A subscription that nobody reads must not fill the topic, or publishing fails: its events go after a week, and
      // are not kept as dead letters either. That is a subscription's property, and off by default.
      defaultMessageTimeToLive: 'P7D'
      requiresDuplicateDetection: false
    }
  }
}

#disable-next-line use-recent-api-versions // there is no stable version of this type
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
    // Who changed a queue. Not RuntimeAuditLogs: several rows a message.
    logs: [{ category: 'OperationalLogs', enabled: true }]
  }
}

@description('Host name of the namespace.')
output namespaceHost string = split(split(namespace.properties.serviceBusEndpoint, '//')[1], ':')[0]
