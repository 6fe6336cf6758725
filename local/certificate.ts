import { generate } from 'selfsigned';

/** PEM. Clients trust the certificate itself. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** A key and a certificate of their own for 127.0.0.1 and localhost. */
export async function makeCertificate(): Promise<Certificate> {
  const { private: key, cert: certificate } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key, certificate };
}
