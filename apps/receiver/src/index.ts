export type { EndRefreshTokens, HookUrl, ResolveSubject, SubjectQuestion } from './config/hooks.ts';
export type { ReceiverOptions } from './config/receiver-options.ts';
export type { SourceInput } from './config/source-list.ts';
export { createReceiver, type Receiver, type ReceiverDependencies } from './create-receiver.ts';
