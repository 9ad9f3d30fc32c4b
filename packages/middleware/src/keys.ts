// The entry `@revocast/middleware/keys`: the key sets of issuers, for our own programs that verify other tokens than access
// tokens. Its exports may change in each release.

export { createKeySource, type RemoteKeySourceOptions } from './jwks/create-key-source.ts';
export { createDocumentFetcher } from './jwks/fetch-key-set.ts';
export type { KeyLookup, KeyQuery, KeySource, KeySourceObserver, KeySourceStatus } from './jwks/key-source.ts';
export { processQuestions } from './jwks/process-questions.ts';
export { signatureAlgorithms } from './jwks/verification-key.ts';
export { type KeySetOptions, readKeySetLimits } from './options/key-set-options.ts';
export { parseSigned } from './token/compact.ts';
export { readJsonObject } from './token/json.ts';
