import { type SandboxOptions, startSandbox } from './sandbox.ts';

/**
 * The sandbox as a process of its own: `node local/partner-center/main.ts '{"factor": 60}'`. Prints its addresses
 * and invented credentials as one line of JSON, and runs until SIGTERM or SIGINT. Everything else goes by the admin port.
 */
const options: SandboxOptions = JSON.parse(process.argv[2] ?? '{}');
const { apiBase, authority, caFile, admin, credentials, stop } = await startSandbox(options);
console.log(JSON.stringify({ apiBase, authority, caFile, admin, credentials }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
