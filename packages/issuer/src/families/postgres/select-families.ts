import type { FamilySelector } from '../family-selector.ts';

/** The condition of a selector, with parameters from the given number on. */
export function conditionOf(which: FamilySelector, first: number): { condition: string; values: readonly unknown[] } {
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${first + values.push(value) - 1}`;
  const parts = [`issuer = ${parameter(which.issuer)}`];
  if ('grant' in which) parts.push(`grant_id = ${parameter(which.grant)}`);
  else if ('session' in which) parts.push(`session_id = ${parameter(which.session)}`);
  else {
    if (which.client !== undefined) parts.push(`client_id = ${parameter(which.client)}`);
    if ('subject' in which) {
      parts.push(`subject = ${parameter(which.subject)}`);
      if (which.keep !== undefined) parts.push(`session_id is distinct from ${parameter(which.keep)}`);
    }
  }
  if (which.openedBeforeMs !== undefined) {
    parts.push(`opened_at < to_timestamp(${parameter(which.openedBeforeMs)}::float8 / 1000)`);
  }
  return { condition: parts.join(' and '), values };
}
