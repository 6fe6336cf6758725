// What everything is called: known before anything is made, so that `azd provision --preview` can tell what it would do.

@export()
@description('Names of all resources.')
type Names = {
  @description('The worker\'s identity.')
  identity: string
  @description('The Service Bus namespace.')
  namespace: string
  @description('Queue of jobs.')
  queue: string
  @description('Queue of the few jobs that must not wait behind a bulk run.')
  urgentQueue: string
  @description('Topic of events.')
  topic: string
  @description('Account of the Functions host.')
  @minLength(3)
  @maxLength(24)
  hostAccount: string
  @description('Container of the deployed package.')
  packageContainer: string
  @description('Account of the tables.')
  @minLength(3)
  @maxLength(24)
  tablesAccount: string
  @description('The vault.')
  @minLength(3)
  @maxLength(24)
  vault: string
  @description('The Log Analytics workspace.')
  workspace: string
  @description('The Application Insights resource.')
  applicationInsights: string
  @description('Who is told by alerts.')
  actionGroup: string
  @description('The plan of the function app.')
  plan: string
  @description('The function app.')
  app: string
  @description('The virtual network of PRIVATE=true.')
  network: string
  @description('Its way out.')
  natGateway: string
  @description('The address of its way out.')
  outboundAddress: string
}

// The length of what uniqueString gives.
@minLength(13)
@maxLength(13)
type Token = string

@export()
@description('The names with a text in them that makes them unique in the world.')
func toNames(token Token) Names => {
  identity: 'id-${token}'
  namespace: 'sb-${token}'
  queue: 'checkout-jobs'
  urgentQueue: 'checkout-urgent'
  topic: 'checkout-events'
  hostAccount: 'sthost${token}'
  packageContainer: 'app-package'
  tablesAccount: 'st${token}'
  vault: 'kv-${token}'
  workspace: 'log-${token}'
  applicationInsights: 'appi-${token}'
  actionGroup: 'ag-${token}'
  plan: 'plan-${token}'
  app: 'func-${token}'
  network: 'vnet-${token}'
  natGateway: 'ng-${token}'
  outboundAddress: 'pip-${token}'
}

@export()
@description('The queues of jobs.')
func queuesOf(names Names) string[] => [names.queue, names.urgentQueue]
