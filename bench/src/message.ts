/** A message from one process of the bench to another. */
export type Message = Readonly<Record<string, unknown>>;

export function readMessage(message: unknown): Message {
  return typeof message === 'object' && message !== null ? { ...message } : {};
}

export function numberIn(message: Message, name: string): number {
  const value = message[name];
  if (typeof value !== 'number') throw new Error(`expected a number as ${name}; found ${typeof value}`);
  return value;
}

export function textIn(message: Message, name: string): string {
  const value = message[name];
  if (typeof value !== 'string') throw new Error(`expected a string as ${name}; found ${typeof value}`);
  return value;
}
