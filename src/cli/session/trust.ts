/** Trusts the certificate of the local stack. */
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** Lets this process trust the local stack's certificate as well: Node reads NODE_EXTRA_CA_CERTS only at its start. */
export function trustAlso(file: string): void {
  const trusted = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...trusted, readFileSync(file, 'utf8')]);
}
