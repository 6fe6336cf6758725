/** What only a real deployment can tell, in nine steps. `docs/first-deployment.md` is made of it, and `npm run first-deployment` leads through it. */
export interface Step {
  readonly title: string;
  readonly minutes: number;
  /** Why it is done. */
  readonly why: string;
  /** Lines for the shell, in the clone, signed in to azd and az. */
  readonly commands: readonly string[];
  readonly expected: string;
  readonly otherwise: string;
}

const cli = 'npm run partner-checkout -- --settings night.env';

export const steps: readonly Step[] = [
  {
    title: 'Provision',
    minutes: 15,
    why: 'The rights that docs/deploy.md names suffice, and the region has what the templates need.',
    commands: ['azd provision', 'azd env get-values > night.env'],
    expected: 'It ends without an error. The hook waits until the roles are in force.',
    otherwise:
      'AuthorizationFailed names the type that may not be written: compare it with the table of rights. Another error names the resource and the region.',
  },
  {
    title: 'Deploy',
    minutes: 10,
    why: 'Roles are in force in time, all seven functions are indexed, the timer ticks.',
    commands: ['azd deploy', 'for i in 1 2 3 4 5; do azd deploy --no-prompt; done'],
    expected:
      'Each deployment ends with three lines "ok": triggers synchronised, 7 functions indexed, the timer ticks.',
    otherwise:
      'A 403 at the first deployment: note how many minutes after the provisioning it passed. No tick after a repetition: set ALWAYS_READY=pollPendingOrders, and report it.',
  },
  {
    title: 'Rights and sign-in',
    minutes: 10,
    why: 'The credential works, and the custom roles let operators do their work.',
    commands: [
      `${cli} doctor`,
      `${cli} status`,
      '# A cart that does not exist fails. Close its row as a member of the operators’ group without any other role:',
      `${cli} enqueue no-such-cart.csv`,
      `${cli} attention close --kind failed`,
    ],
    expected:
      'All lines of doctor are "ok". status shows the lengths of both queues. The row is closed without a 403.',
    otherwise:
      'A line of a queue says that Manage or EntityRead is missing: Azure wants more than the custom role. Set CUSTOM_ROLES=false until that is settled.',
  },
  {
    title: 'The contract of Partner Center',
    minutes: 15,
    why: 'What a repeated checkout does is documented in two ways. Do this at the integration sandbox, never with a real customer.',
    commands: [
      'npm run first-deployment -- probe --settings sandbox.env --customer CUSTOMER --item CATALOG_ITEM_ID --term P1M',
    ],
    expected:
      'It names the contract, replay or already-submitted, and the settings. All orders are cancelled.',
    otherwise: 'buys-again or unknown: set REPEAT_ORDERED_CART=false before anything real is bought.',
  },
  {
    title: 'Waking up',
    minutes: 15,
    why: 'The scale controller sees messages, also behind scheduled ones, and starts an instance.',
    commands: [
      '# These messages are held back in the queue until tonight:',
      `${cli} enqueue carts-for-tonight.csv --at 23:59`,
      '# No traffic for 10 minutes: the app is scaled to zero but for its timer.',
      `${cli} enqueue one-cart.csv`,
      `${cli} batch one-cart --watch`,
    ],
    expected: 'The first delivery comes within two minutes.',
    otherwise: 'Later, or never: set ALWAYS_READY=checkout, and look at the role "Checkout queue reader".',
  },
  {
    title: 'Scaling out',
    minutes: 15,
    why: 'One instance uses the whole budget, and no second one comes.',
    commands: [
      `${cli} enqueue two-hundred-carts.csv`,
      `az monitor app-insights query --app "$APPLICATION_INSIGHTS" --analytics-query "customEvents | where timestamp > ago(15m) and name == 'JobFinished' | summarize dcount(cloud_RoleInstance) by bin(timestamp, 1m)"`,
    ],
    expected:
      'One instance, as docs/decisions/host-json.md calculates. For some minutes after a deployment, an old one may count too.',
    otherwise:
      'More: maximumInstanceCount counts otherwise than assumed. The gate still keeps the budget. None, or no ticks of the timer: it counts the whole app, or the region refuses a maximum below 40. Set maximumInstanceCount in infra/modules/app.bicep to 4.',
  },
  {
    title: 'A release in the middle of work',
    minutes: 15,
    why: 'Rolling updates let deliveries end, and drain cuts no call.',
    commands: [
      '# While carts are being bought:',
      'azd deploy',
      `${cli} attention`,
      '# Then the other way:',
      `${cli} drain "first deployment"`,
      'azd deploy',
      `${cli} resume`,
    ],
    expected: 'No job becomes unresolved by either.',
    otherwise: 'Some do after the first: use drain, and UPDATE_STRATEGY=Recreate.',
  },
  {
    title: 'Rotation and rights that are taken away',
    minutes: 10,
    why: 'A new secret needs no restart, and azd gives a lost right back.',
    commands: [
      'az keyvault secret set --vault-name "$(azd env get-value AZURE_KEY_VAULT_NAME)" --name partner-client-secret --file new-secret.txt',
      '# Take a role assignment of the worker away by hand, then:',
      'azd provision',
      'azd provision --no-state',
    ],
    expected:
      'The next token uses the new secret. The first azd provision skips; the second restores the right.',
    otherwise: 'Note what the gate says, and after how many minutes a token was had again.',
  },
  {
    title: 'Telemetry and alerts',
    minutes: 15,
    why: 'What is sent arrives once, and mails say what to do.',
    commands: [
      'az monitor app-insights query --app "$APPLICATION_INSIGHTS" --analytics-query "union traces, requests, customEvents | where timestamp > ago(30m) | summarize count() by itemType, cloud_RoleName, tostring(customDimensions.Category)"',
      `${cli} pause "to see an alert"`,
      '# Disable the function checkout in the portal, send one cart, wait 40 minutes; enable it again.',
      '# As a member of the operators’ group without any other role: open each tab of the workbook Tonight.',
      `${cli} resume`,
    ],
    expected:
      'No row of category Function.checkout. The mail of idle-queue comes within 40 minutes, with the command and the section of the runbook. Each tab of the workbook shows its items, and the list of batches is filled.',
    otherwise:
      'Note which rows or mails are missing or come twice, what a mail does not say, and what the workbook refuses to show.',
  },
];

export function firstDeploymentPage(): string {
  const total = steps.reduce((sum, { minutes }) => sum + minutes, 0);
  return `# The first deployment

\`npm run docs\` makes this page from \`local/first-deployment/steps.ts\`. The project has not been deployed to Azure yet. These nine steps show
what only a real Azure and a real Partner Center can show. They take about ${Math.round(total / 60)} hours. Use a subscription and a customer for tests.

\`npm run first-deployment\` leads you through them, keeps your answers in \`.local/first-deployment.json\`, and continues where you stopped. Read
[deploy](deploy.md) first. \`night.env\` holds what \`azd env get-values\` prints; \`$APPLICATION_INSIGHTS\` is the id of the Application Insights resource:

\`\`\`sh
APPLICATION_INSIGHTS=$(az resource list --resource-group "$(azd env get-value AZURE_RESOURCE_GROUP)" --resource-type Microsoft.Insights/components --query "[0].id" --output tsv)
\`\`\`

${steps.map(stepText).join('\n')}
## The probe

\`npm run first-deployment -- probe\` buys one cart at the integration sandbox, loses the answer on purpose, and repeats the call: once with the same
MS-RequestId, once with another. It waits until the list of orders shows the order, cancels all orders, and prints the contract and the
settings that follow. \`sandbox.env\` holds the settings of the sandbox's app registration, as the worker has them
(\`PARTNER_TENANT_ID\`, \`PARTNER_CLIENT_ID\`, \`PARTNER_CREDENTIAL\` and what belongs to it). With \`--cart CART\` it takes a cart that is ready.
It names customer, tenant and address, and asks first; \`--yes\` does not ask.
`;
}

const stepText = (step: Step, index: number): string => `## ${index + 1}. ${step.title}

${step.why} About ${step.minutes} minutes.

\`\`\`sh
${step.commands.join('\n')}
\`\`\`

- **Expected**: ${step.expected}
- **Otherwise**: ${step.otherwise}
`;
