/**
 * The broker as a process of its own: `npx node local/service-bus/main.ts config.json [port]`. The file is in the format of
 * Microsoft's emulator; without a port a free one is taken. Prints the connection string, and runs until SIGTERM or SIGINT.
 */
import { readFileSync } from 'node:fs';
import { startBroker } from './broker.ts';

const [file, port] = process.argv.slice(2);
if (file === undefined)
  throw new Error('Which file holds the entities? npx node local/service-bus/main.ts config.json [port]');
const broker = await startBroker({
  config: JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')),
  ...(port === undefined ? {} : { port: Number(port) }),
});
console.log(broker.connectionString);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void broker.stop());
