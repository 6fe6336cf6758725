import type { HostChild } from './functions-host/child.ts';
import type { CartRef } from './partner-center/sandbox.ts';
import type { Stack } from './stack.ts';

/** For the shell: `. .local/env` sets what the README's commands and the examples read. */
export function shellLines(
  { broker, sandbox, functionKey }: Stack,
  worker: Pick<HostChild, 'address'> | undefined,
  cart: CartRef | undefined,
): string {
  const shell = {
    CHECKOUT_URL: worker?.address ?? '',
    CHECKOUT_KEY: functionKey,
    SERVICEBUS_CONNECTION: broker.connectionString,
    SSL_CERT_FILE: sandbox.caFile,
    SAMPLE_CUSTOMER: cart?.customerId ?? '',
    SAMPLE_CART: cart?.cartId ?? '',
  };
  return Object.entries(shell)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}
