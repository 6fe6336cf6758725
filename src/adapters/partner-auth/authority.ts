/** Whether an authority is one of Microsoft's clouds: of another the library must not ask Microsoft what it is. */
export function isMicrosofts(authorityHost: string): boolean {
  const { hostname } = new URL(authorityHost);
  return /(^|\.)(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)$/.test(hostname);
}
