import type { AttackContext } from '../attack.ts';
import { paddedRequest } from '../request-text.ts';

/** A request to the API with a valid token that it has seen before, of the given size. */
export function goodRequest({ tokens }: AttackContext, index: number, bytes: number): string {
  const headers = { Authorization: `Bearer ${tokens[index % tokens.length] ?? ''}` };
  return paddedRequest({ path: '/orders', headers }, bytes);
}
