/**
 * Azurite's table service as a process of its own; started by azurite.ts. Its arguments are the port, 0 for a free one,
 * and the folder to keep the tables in; without it they live in memory. Ends when the parent does.
 */
import { join } from 'node:path';
import TableConfiguration from 'azurite/dist/src/table/TableConfiguration.js';
import TableServer from 'azurite/dist/src/table/TableServer.js';

const [port, folder] = process.argv.slice(2);
const server = new TableServer.default(
  new TableConfiguration.default(
    '127.0.0.1',
    Number(port),
    // Idle connections stay open longer than any client of ours keeps them, so that none is cut under a request.
    60,
    join(folder ?? '', '__azurite_db_table__.json'),
    false,
    false,
    undefined,
    undefined,
    false,
    true,
    '',
    '',
    '',
    undefined,
    true,
    folder === undefined,
  ),
);

let closing = false;
/** Closing writes the tables to the folder. */
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await server.close();
  process.exit(0);
}
process.on('SIGTERM', close);
process.on('SIGINT', close);
process.on('disconnect', close);

await server.start();
process.send?.({ address: server.getHttpServerAddress() });
