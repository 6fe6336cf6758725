/**
 * What Azure's host takes from the app settings and not from host.json, as the template sets it: no body beyond 1 MiB is
 * read, and the heap of the Node process that runs the functions is small (docs/decisions/host-json.md).
 */
export const hostSettings = {
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576',
  languageWorkers__node__arguments: '--max-old-space-size=512 --max-semi-space-size=4',
};
