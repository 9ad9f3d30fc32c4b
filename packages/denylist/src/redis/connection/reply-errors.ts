import { types } from 'node:util';
import { errorCodeOf } from '../../error-code.ts';
import { FeedError, type FeedErrorCode } from '../../log/feed.ts';
import { fixForFeedError } from '../../log/feed-error-fixes.ts';

/** By the first word of an error reply, which is its code in the protocol. */
const replyCodes: Readonly<Record<string, FeedErrorCode>> = {
  NOSCRIPT: 'no_script',
  LOADING: 'loading',
  READONLY: 'read_only',
  // Refused before anything was written, like a write to a replica.
  MOVED: 'read_only',
  ASK: 'loading',
  TRYAGAIN: 'loading',
  CLUSTERDOWN: 'loading',
  NOPERM: 'no_permission',
  NOAUTH: 'no_permission',
  WRONGPASS: 'no_permission',
  WRONGTYPE: 'wrong_type',
  OOM: 'out_of_memory',
  MISCONF: 'disk_error',
  NOREPLICAS: 'no_replicas',
  MASTERDOWN: 'loading',
  BUSY: 'timeout',
  UNBLOCKED: 'closed',
};

/** By the code that Node gives an error of a socket; every other code means that there was no connection. */
const socketCodes: Readonly<Record<string, FeedErrorCode>> = {
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};

/** Replies of a cluster that need another fix than their code. */
const clusterFixes: Readonly<Record<string, string>> = {
  MOVED: 'The slot of {revocast} is on another node of the cluster. Name the cluster as redis+cluster://…',
  CLUSTERDOWN: 'No node of the cluster serves the slot of {revocast}. It will answer again without a change; wait.',
};

/**
 * Any failure of the client as a {@link FeedError} that is safe to print. `cause` keeps the text that Redis sent and
 * nothing else: the client's own error contains the command, which may be AUTH with its password.
 *
 * @param name of the server, without credentials.
 */
export function toFeedError(error: unknown, name: string): FeedError {
  if (error instanceof FeedError) return error;
  // An error of another realm is no instance of ours: inside a test sandbox every error of Node itself is one.
  if (!(error instanceof Error || types.isNativeError(error))) {
    return new FeedError('protocol', `${name} failed`, { cause: error });
  }
  if (error.name === 'ReplyError') {
    const word = error.message.split(' ', 1)[0] ?? '';
    const code = isScriptRefused(error.message) ? 'no_permission' : (replyCodes[word] ?? 'refused');
    const fix = clusterFixes[word] ?? fixForFeedError(code);
    return new FeedError(code, `${name} answered ${word}. ${fix}`, { cause: new Error(error.message) });
  }
  const socketCode = errorCodeOf(error);
  // The client's own errors have no code: they all say that the connection is closed.
  return failure(socketCode === undefined ? 'closed' : (socketCodes[socketCode] ?? 'unreachable'), name, error);
}

/** A failure without an answer of Redis. A code such as ECONNREFUSED is in the message, an address is not. */
export function failure(code: FeedErrorCode, name: string, error?: Error): FeedError {
  const socketCode = errorCodeOf(error);
  const reason = socketCode === undefined ? '' : ` (${socketCode})`;
  const cause = error && new Error(error.message);
  return new FeedError(code, `${name}${reason}: ${fixForFeedError(code)}`, { cause });
}

/** Whether Redis answered, and refused this one command: the user lacks the right, or the service hides the command. */
export function isCommandRefused(error: unknown): boolean {
  return error instanceof FeedError && (error.code === 'no_permission' || error.code === 'refused');
}

/** Whether the server has no such command (a service renamed or removed it), or the user may not call it. */
export function isCommandHidden(error: unknown): boolean {
  if (!(error instanceof FeedError)) return false;
  return (
    error.code === 'no_permission' || (error.cause instanceof Error && /unknown.*command/i.test(error.cause.message))
  );
}

/** Where a cluster says that our slot is: of a `MOVED slot host:port` reply. The host is empty when it is the same. */
export function movedTo(error: unknown): { readonly host: string; readonly port: number } | undefined {
  const text = error instanceof FeedError && error.cause instanceof Error ? error.cause.message : '';
  const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(text) ?? [];
  return host === undefined || host === '?' ? undefined : { host, port: Number(port) };
}

/**
 * A missing right or command inside a script. Redis gives this reply no code of its own, so its text must be read: up to
 * 7.0 one text, since then another.
 */
export function isScriptRefused(message: string): boolean {
  return /can't run this command|can't access at least one of the keys|ACL failure in script|Unknown Redis command/.test(
    message,
  );
}
