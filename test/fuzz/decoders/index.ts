import type { Decoder } from '../decoder.ts';
import { configuration } from './configuration.ts';
import { event } from './event.ts';
import { frameDown, frameUp } from './frames.ts';
import { keySet } from './key-set.ts';
import { proofLine, report, usageReport } from './last-release.ts';
import { lifecycleEvent } from './lifecycle-event.ts';
import { logFile } from './log-file.ts';
import { receiverDecoders } from './receiver.ts';
import {
  auth0LogStream,
  logoutToken,
  oktaEventHook,
  securityEventToken,
  signedJson,
  tokenRevocation,
} from './signals.ts';
import { snapshot } from './snapshot.ts';
import { dpopProof, revokedToken, token } from './tokens.ts';
import { appendRequest, rememberedLog, revocation, seeds } from './writes.ts';

/** Every decoder of data from outside the process. */
export const decoders: readonly Decoder[] = [
  ...[event, snapshot, frameUp, frameDown, logFile],
  ...[report, usageReport, proofLine],
  ...[appendRequest, seeds, revocation, rememberedLog],
  ...[token, revokedToken, dpopProof, keySet],
  lifecycleEvent,
  ...[securityEventToken, logoutToken, tokenRevocation, oktaEventHook, auth0LogStream, signedJson],
  configuration,
  ...receiverDecoders,
];
