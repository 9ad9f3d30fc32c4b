import type { TestIssuer } from '@revocast/test-support';
import type { Setting } from './contenders/contender.ts';

/** The settings of a contender for one issuer and one feed. */
export function settingOf(
  issuer: TestIssuer,
  { algorithm, feedUrl, redisUrl }: Pick<Setting, 'algorithm' | 'feedUrl' | 'redisUrl'>,
): Setting {
  const { jwksUri, publicJwks: jwks } = issuer;
  return { issuer: issuer.issuer, audience: 'https://api.test', jwksUri, jwks, algorithm, redisUrl, feedUrl };
}
