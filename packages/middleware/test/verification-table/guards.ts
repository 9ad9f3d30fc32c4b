import { claims, now } from './recipes.ts';
import type { Row } from './row.ts';

export const guarded: Row[] = [
  {
    sends: 'all required scopes',
    guard: 'scope',
    token: claims({ scope: 'a orders:write orders:read' }),
    reason: 'none',
  },
  { sends: 'one of two scopes', guard: 'scope', token: claims({ scope: 'orders:read' }), reason: 'insufficient_scope' },
  {
    sends: 'a scope that is a prefix',
    guard: 'scope',
    token: claims({ scope: 'orders:rea orders:write' }),
    reason: 'insufficient_scope',
  },
  { sends: 'no scope claim', guard: 'scope', reason: 'insufficient_scope' },
  { sends: 'any of two scopes', guard: 'any scope', token: claims({ scope: 'orders:read' }), reason: 'none' },
  { sends: 'none of two scopes', guard: 'any scope', token: claims({ scope: 'orders' }), reason: 'insufficient_scope' },
  { sends: 'the required claim', guard: 'claims', token: claims({ plan: 'gold' }), reason: 'none' },
  {
    sends: 'another value of the claim',
    guard: 'claims',
    token: claims({ plan: ['gold'] }),
    reason: 'insufficient_scope',
  },
  { sends: 'a required acr', guard: 'acr', token: claims({ acr: 'phr' }), reason: 'none' },
  { sends: 'a weaker acr', guard: 'acr', token: claims({ acr: 'pwd' }), reason: 'step_up_required' },
  {
    sends: 'an authentication of the greatest age',
    guard: 'recent',
    token: claims({ auth_time: now - 300 }),
    reason: 'none',
  },
  {
    sends: 'an authentication that is too old',
    guard: 'recent',
    token: claims({ auth_time: now - 301 }),
    reason: 'step_up_required',
  },
  { sends: 'no auth_time', guard: 'recent', reason: 'step_up_required' },
];
