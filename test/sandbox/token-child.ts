import { ClientSecretCredential } from '@azure/identity';

/** Asks for a token with the real credential and calls the API with it; prints what came of it as JSON. */
const [authorityHost = '', tenantId = '', clientId = '', clientSecret = '', url = ''] = process.argv.slice(2);
const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
  authorityHost,
  disableInstanceDiscovery: true,
});
try {
  const { token, expiresOnTimestamp } = await credential.getToken(
    'https://api.partnercenter.microsoft.com/.default',
  );
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  console.log(JSON.stringify({ status: response.status, expiresOnTimestamp }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
