import { type Clock, isJsonObject, withTimeout } from '@revocast/denylist/replica';
import type { HookUrl, ResolveSubject, SubjectQuestion } from '../config/hooks.ts';
import { mostResolvedSubjects } from '../signals/effects-of-subjects.ts';
import type { PostJson } from '../streams/http-client.ts';

/** `unavailable`: the directory does not answer now, or answers something else. */
export type Resolved =
  | { readonly outcome: 'found'; readonly subjects: readonly string[] }
  | { readonly outcome: 'unavailable' };

export type Resolver = (question: SubjectQuestion) => Promise<Resolved>;

interface ResolverPorts {
  readonly clock: Clock;
  readonly post: PostJson;
}

/** Milliseconds for one question. */
const timeoutMs = 3000;
/** Milliseconds. Several events about one account often come together. */
const keptMs = 10_000;
const mostKept = 1000;

/** Looks subjects up by a function or at a URL. An answer is kept for ten seconds. It never rejects. */
export function createResolver(hook: HookUrl | ResolveSubject, { clock, post }: ResolverPorts): Resolver {
  const ask = typeof hook === 'function' ? askFunction(hook) : askUrl(hook, post);
  const kept = new Map<string, { readonly atMs: number; readonly resolved: Resolved }>();
  return async (question) => {
    const key = JSON.stringify([question.identifier, question.eventAtMs]);
    const known = kept.get(key);
    if (known !== undefined && clock.monotonicMs() - known.atMs < keptMs) return known.resolved;
    const unavailable: Resolved = { outcome: 'unavailable' };
    const asked = ask(question).catch(() => unavailable);
    const resolved = await withTimeout(asked, { clock, timeoutMs, late: unavailable });
    if (resolved.outcome === 'unavailable') return resolved;
    kept.delete(key);
    kept.set(key, { atMs: clock.monotonicMs(), resolved });
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return resolved;
  };
}

function askFunction(resolve: ResolveSubject) {
  return async (question: SubjectQuestion) => readSubjects(await resolve(question));
}

/** `POST {source, identifier, event_time}` → `{subjects: […]}`; 404: none. */
function askUrl({ url, bearerFile }: HookUrl, post: PostJson) {
  return async ({ source, identifier, eventAtMs }: SubjectQuestion): Promise<Resolved> => {
    const body = { source, identifier, event_time: Math.floor(eventAtMs / 1000) };
    const { status, json } = await post(url, body, { bearerFile });
    if (status === 404) return { outcome: 'found', subjects: [] };
    return status === 200 && isJsonObject(json) ? readSubjects(json['subjects']) : { outcome: 'unavailable' };
  };
}

function readSubjects(found: unknown): Resolved {
  const isList = Array.isArray(found) && found.length <= mostResolvedSubjects;
  const isValid = isList && found.every((one: unknown) => typeof one === 'string' && one !== '' && one.length <= 4096);
  return isValid ? { outcome: 'found', subjects: found } : { outcome: 'unavailable' };
}
