/** What one process of the bench said to another. */
export type Said = Readonly<Record<string, unknown>>;

export function readSaid(message: unknown): Said {
  return typeof message === 'object' && message !== null ? { ...message } : {};
}

export function numberIn(said: Said, name: string): number {
  const value = said[name];
  if (typeof value !== 'number') throw new Error(`expected a number ${name}`);
  return value;
}

export function textIn(said: Said, name: string): string {
  const value = said[name];
  if (typeof value !== 'string') throw new Error(`expected a text ${name}`);
  return value;
}
