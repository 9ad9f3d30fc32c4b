// The entry `@revocast/testing`: a kit for the tests of an API.

export { type BadTokenReason, badTokenReasons } from './bad-tokens.ts';
export {
  createTestKit,
  type TestKit,
  type TestKitOptions,
  type TestVerifierOptions,
} from './create-test-kit.ts';
export type { ListenOptions, TestServer } from './http/listen.ts';
export type { TestRevocation, TestTarget } from './test-revocation.ts';
export { type MatcherResult, toBeRefused } from './to-be-refused.ts';
export type { TestTokenOptions } from './token-options.ts';
export type { TestProfile } from './token-shapes.ts';
