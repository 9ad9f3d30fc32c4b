import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';
import { text } from '@revocast/sidecar/service';
import { nested, objectOf } from './nested-kinds.ts';

/** A subject identifier with its `format` (RFC 9493), from a verified event. */
export interface SubjectQuestion {
  readonly source: string;
  readonly identifier: JsonObject;
  /** Unix milliseconds: an e-mail address may have belonged to another account at that time. */
  readonly eventAtMs: number;
}

/** @returns the `sub` of every account that the identifier names; empty: none. A rejection means that it cannot be said now. */
export type ResolveSubject = (question: SubjectQuestion) => readonly string[] | Promise<readonly string[]>;

/** Ends the refresh tokens and sessions of subjects, or those at one client. A rejection means that some may be left. */
export type EndRefreshTokens = (order: {
  readonly source: string;
  readonly subjects: readonly string[];
  /** The client id that the request names. Absent: at every client. */
  readonly client?: string | undefined;
}) => void | Promise<void>;

/** A hook of the library, or the URL of a service. */
export interface HookUrl {
  readonly url: string;
  /** File with the bearer token that the service requires. */
  readonly bearerFile?: string | undefined;
}

const hookUrl = objectOf({
  url: {
    kind: text({
      expected: 'expected an http: or https: URL without user and password',
      accepts: /^https?:\/\/[^@\s]{1,2000}$/,
    }),
    required: true,
    description: 'Where it is asked, by POST with JSON.',
  },
  bearerFile: { kind: text({ expected: 'expected a path' }), description: 'File with the bearer token for it.' },
});

function hook<Hook>() {
  return nested<Hook | HookUrl>({
    expected: 'expected a mapping with url',
    schema: hookUrl.schema,
    parse(written, at, mistakes) {
      // Only the library can pass a function.
      if (typeof written === 'function') return written as Hook;
      if (!isJsonObject(written)) return void mistakes.push({ option: at, message: 'expected a mapping with url' });
      mistakes.push(...(hookUrl.findMistakes?.(written, at) ?? []));
      return hookUrl.read(written);
    },
  });
}

export const resolver = hook<ResolveSubject>();
export const endOfRefreshTokens = hook<EndRefreshTokens>();
