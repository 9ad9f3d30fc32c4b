/** The value of a metric without labels. @throws Error when the process does not show it. */
export async function readMetric(adminPort: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text());
  if (found === null) throw new Error(`no metric ${name}`);
  return Number(found[1]);
}
