// What wakes somebody up.

import { Names, queuesOf } from 'names.bicep'

@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Who is told.')
param actionGroupId string

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = { name: names.namespace }

// On the metric itself: exported to the workspace it loses the name of the queue.
resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages lie in the dead-letter queue: ten workers died of each, or nobody took it for 14 days. The worker goes on with the others.'
    severity: 1
    enabled: true
    scopes: [namespace.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead letters'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: queuesOf(names) }]
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}
