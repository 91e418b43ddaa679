/**
 * The inventory of one PN as `cpns inventory --json` prints it, without what is personal: that the server alone knows, and
 * server and PN GW agree on everything else.
 */
export function impersonal(line: string): string {
  return JSON.stringify(JSON.parse(line, (name, value: unknown) => (name === 'personal' ? undefined : value)));
}
