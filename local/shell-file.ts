/** The files that `npm run dev` writes for the terminal: `. .local/env` in a shell, `. .local/env.ps1` in PowerShell. */
import type { HostChild } from './functions-host/child.ts';
import type { SampleLists } from './sample-list.ts';
import type { Stack } from './stack.ts';

/** What the README's commands and the examples read from the environment. */
export function shellVariables(
  { broker, sandbox, functionKey }: Stack,
  worker: Pick<HostChild, 'address'> | undefined,
  { first, refused }: SampleLists,
): Readonly<Record<string, string>> {
  return {
    CHECKOUT_URL: worker?.address ?? '',
    CHECKOUT_KEY: functionKey,
    SERVICEBUS_CONNECTION: broker.connectionString,
    // Not SSL_CERT_FILE: with that, this terminal would trust nobody else, and no one once the stack has ended.
    CHECKOUT_CA_FILE: sandbox.caFile,
    GOOD_CUSTOMER: first?.customerId ?? '',
    GOOD_CART: first?.cartId ?? '',
    SAMPLE_CUSTOMER: refused?.customerId ?? '',
    SAMPLE_CART: refused?.cartId ?? '',
  };
}

type Variables = ReturnType<typeof shellVariables>;

export const shellLines = (variables: Variables): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');

export const powershellLines = (variables: Variables): string =>
  Object.entries(variables)
    .map(([name, value]) => `$env:${name} = '${value}'\n`)
    .join('');
