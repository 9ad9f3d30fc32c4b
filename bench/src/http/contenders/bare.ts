import type { Contender } from './contender.ts';

export const bare: Contender = { name: 'bare', about: 'the route alone', prepare: async () => undefined };
