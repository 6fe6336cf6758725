// What wakes somebody up. The description of each alert says what, what the worker does already, and the one command to type. A mail
// has it, beside the number and the dimensions as Azure prints them. docs/runbook.md has a section for each alert, by its name.

import { Names, queuesOf } from 'names.bicep'

@description('Region.')
param location string
@description('Names of all resources.')
param names Names
@description('Tags of every resource.')
param tags { *: string }
@description('Who is told.')
param actionGroupId string
@description('When this deployment began. Before the first telemetry nothing is missing.')
param deployedAt string = utcNow('yyyy-MM-ddTHH:mm:ssZ')
@description('Address of the runbook: the mails name it.')
param runbook string

type Rule = {
  @description('The name of its query, and of its section in docs/runbook.md.')
  name: string
  query: string
  severity: int
  @description('How often it is asked.')
  frequency: string
  @description('How far back the query sees.')
  range: string
  @description('Columns that tell one alert from another. Each stays the same for as long as the incident lasts, or it would send a second mail.')
  dimensions: string[]
  @description('Since when, for webhooks.')
  since: string
  @description('Subject of the mail.')
  title: string
  what: string
  @description('Unit of howMany.')
  unit: string
  @description('What the worker does already.')
  doing: string
  command: string
}

// Severity: 1, nothing goes on, or money is lost, until a person acts. 2, some of it waits for a person. 3, morning will do.
// Frequency: 5 minutes where minutes count; 15 where the state has lasted for hours anyway, at a third of the price.
// Range: the longest there is, two days, so that the last reported state is found though the worker is down since.
var firstDimension = '\${data.alertContext.condition.allOf[0].dimensions[0].value}'
// The alert counts minutes, so the number says it, and no column has to change with it.
var agoByNumber = '\${data.alertContext.condition.allOf[0].metricValue} minutes before \${data.alertContext.condition.windowEndTime} UTC'

var rules Rule[] = [
  {
    name: 'no-tick'
    query: replace(loadTextContent('../queries/alert-no-tick.kql'), 'datetime(2000-01-01)', 'datetime(${deployedAt})')
    // The whole worker may be down.
    severity: 1
    frequency: 'PT5M'
    range: 'P2D'
    dimensions: []
    since: agoByNumber
    title: 'the worker is silent'
    what: 'The poller has not ticked for 15 minutes. It ticks every minute, whether there is work or not: the worker is down, or cannot tell.'
    unit: 'minutes'
    doing: 'The platform starts it again. Jobs wait in the queue, for 14 days; nothing is lost.'
    command: 'npx partner-checkout status'
  }
  {
    name: 'token'
    query: loadTextContent('../queries/alert-token.kql')
    // Without a token no call can be made.
    severity: 1
    frequency: 'PT5M'
    range: 'P2D'
    dimensions: ['since', 'code']
    since: firstDimension
    title: 'no token for Partner Center'
    what: 'Tokens for Partner Center are refused.'
    unit: 'refused tokens'
    doing: 'The gate is closed, and one trial call at a time asks for a token again. Jobs wait in the schedule; none fails for it.'
    command: 'npx partner-checkout status'
  }
  {
    name: 'gate-closed'
    query: loadTextContent('../queries/alert-gate-closed.kql')
    // It opens by itself when the cause is gone; but a night has few hours.
    severity: 2
    frequency: 'PT5M'
    range: 'P2D'
    dimensions: ['since', 'cause']
    since: firstDimension
    title: 'the gate is closed'
    what: 'The gate was closed at eight of the last fifteen ticks, while jobs or orders waited.'
    unit: 'minutes since it closed'
    doing: 'It waits for Retry-After, or lets one trial call through at a time, and opens when one passes. Jobs wait in the schedule.'
    command: 'npx partner-checkout status'
  }
  {
    name: 'oldest-job'
    query: loadTextContent('../queries/alert-oldest-job.kql')
    severity: 2
    frequency: 'PT15M'
    range: 'P2D'
    dimensions: []
    since: agoByNumber
    title: 'jobs wait too long'
    what: 'The oldest job has waited more than two hours, in the queue or in the schedule, while the gate was open.'
    unit: 'minutes'
    doing: 'It takes jobs in their order, as fast as the budget of calls allows.'
    command: 'npx partner-checkout status'
  }
  {
    name: 'batch-late'
    query: loadTextContent('../queries/alert-batch-late.kql')
    // What was to be bought by then was not.
    severity: 1
    frequency: 'PT15M'
    range: 'P2D'
    dimensions: ['since', 'batch']
    since: firstDimension
    title: 'a batch missed its deadline'
    what: 'Carts of a batch are past their notAfter, unbought or without a result, and nobody has closed them.'
    unit: 'carts'
    doing: 'It checks out none of them any more. What may have been bought before is found out.'
    command: 'npx partner-checkout batch ID'
  }
  {
    name: 'attention'
    query: loadTextContent('../queries/alert-attention.kql')
    severity: 2
    frequency: 'PT15M'
    range: 'P2D'
    dimensions: ['since', 'question']
    since: firstDimension
    title: 'jobs need a person'
    what: 'Five carts or messages of one kind wait for a person, or one cart that may have been bought.'
    unit: 'rows'
    doing: 'It goes on with all others. Those wait, and nothing is bought for them meanwhile.'
    command: 'npx partner-checkout attention'
  }
  {
    name: 'credential-ends'
    query: loadTextContent('../queries/alert-credential-ends.kql')
    // There are two weeks, and then no call goes through.
    severity: 2
    frequency: 'PT1H'
    range: 'P2D'
    dimensions: ['ends']
    since: '${firstDimension} (then it ends)'
    title: 'the credential ends soon'
    what: 'The certificate or the refresh token with which the worker signs in to Partner Center ends in less than 15 days.'
    unit: 'days left'
    doing: 'It works on with it until its end, and renews a refresh token every third day: one that comes near its end could not be written.'
    command: 'npx partner-checkout status'
  }
  {
    name: 'pending'
    query: loadTextContent('../queries/alert-pending.kql')
    // Partner Center has the order, and it has lasted a day already.
    severity: 3
    frequency: 'PT15M'
    range: 'P2D'
    dimensions: ['since']
    since: firstDimension
    title: 'orders are pending too long'
    what: 'Orders are pending, or customers under review, for longer than PENDING_ALARM_HOURS.'
    unit: 'carts'
    doing: 'It looks again every 6 hours, for as long as it takes.'
    command: 'npx partner-checkout attention --kind pending-too-long'
  }
]

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = { name: names.namespace }
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = { name: names.applicationInsights }

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Checkout: ${rule.title}'
      description: '${rule.what} What the worker does: ${rule.doing} Type: ${rule.command} Runbook: ${runbook}#alert-${rule.name}'
      severity: rule.severity
      enabled: true
      scopes: [applicationInsights.id]
      evaluationFrequency: rule.frequency
      windowSize: rule.frequency
      overrideQueryTimeRange: rule.range
      criteria: {
        allOf: [
          {
            // The query decides: each of its rows is an alert.
            query: rule.query
            metricMeasureColumn: 'howMany'
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: map(rule.dimensions, name => { name: name, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      // One mail when it begins, one when it has ended: the query asks for a state, and gives no row once it is over.
      autoMitigate: true
      // The tables are there only after the first telemetry; the tests check the queries.
      skipQueryValidation: true
      actions: {
        actionGroups: [actionGroupId]
        // For webhooks of the action group: no mail shows them.
        customProperties: {
          What: rule.what
          Since: rule.since
          HowMany: '\${data.alertContext.condition.allOf[0].metricValue} ${rule.unit}'
          WhatTheWorkerDoes: rule.doing
          Type: rule.command
          Runbook: '${runbook}#alert-${rule.name}'
        }
      }
    }
  }
]

// On the metric itself: exported to the workspace it loses the name of the queue.
resource deadLetters 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages lie in the dead-letter queue: ten workers died of each, or nobody took it for 14 days. Since when, how many and in which queue: see below. What the worker does: it goes on with the others. Type: npx partner-checkout dead-letters list Runbook: ${runbook}#alert-dead-letters'
    // A job that nobody sends again is lost to the customer.
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
    actions: [
      {
        actionGroupId: actionGroupId
        webHookProperties: {
          Type: 'npx partner-checkout dead-letters list'
          Runbook: '${runbook}#alert-dead-letters'
        }
      }
    ]
  }
}

// The other signals come from the worker itself, and a trigger that is switched off, or has lost its right, sends none. A rule
// with two conditions takes one queue: so there is one for each. What is completed is counted over the namespace: for it alone
// zero is told when nothing happens.
resource idleQueues 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for queue in idle(names): {
    name: queue.rule
    location: 'global'
    tags: tags
    properties: {
      description: 'Messages wait in the queue ${queue.name}, and for half an hour no message was completed. Since when and how many: see below. What the worker does: it ticks, or you have a second mail; it takes no jobs. Type: npx partner-checkout status Runbook: ${runbook}#alert-${queue.rule}'
      // Nothing is bought until a person acts.
      severity: 1
      enabled: true
      scopes: [namespace.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT30M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'messages wait'
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.ServiceBus/namespaces'
            metricName: 'ActiveMessages'
            dimensions: [{ name: 'EntityName', operator: 'Include', values: [queue.name] }]
            timeAggregation: 'Minimum'
            operator: 'GreaterThan'
            threshold: 0
          }
          {
            name: 'none is completed'
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: 'Microsoft.ServiceBus/namespaces'
            metricName: 'CompleteMessage'
            dimensions: []
            timeAggregation: 'Total'
            operator: 'LessThanOrEqual'
            threshold: 0
          }
        ]
      }
      actions: [
        {
          actionGroupId: actionGroupId
          webHookProperties: {
            Type: 'npx partner-checkout status'
            Runbook: '${runbook}#alert-${queue.rule}'
          }
        }
      ]
    }
  }
]

func idle(names Names) { rule: string, name: string }[] => [
  { rule: 'idle-queue', name: names.queue }
  { rule: 'idle-urgent-queue', name: names.urgentQueue }
]
