import { parseSource } from '@revocast/denylist/replica';
import { defaultSidecar, readSourceUrl, type SourceOptions } from '../options/source-options.ts';
import type { World } from '../world.ts';
import type { Question, RevocationAnswer } from './answer.ts';
import { askLog } from './ask-log.ts';
import { askRules } from './ask-rules.ts';

export interface Answered {
  readonly answer: RevocationAnswer;
  /** What was asked, without credentials. */
  readonly source: string;
}

/**
 * Asks the named sidecar or log, by default the local sidecar, whether it denies a token. Only digests are sent.
 *
 * @throws UsageError, ConfigurationError for a source that cannot be asked.
 */
export async function askRevocation(
  question: Question,
  options: SourceOptions & { readonly timeout?: number },
  world: World,
): Promise<Answered> {
  const url = readSourceUrl(options, world) ?? defaultSidecar;
  const { kind, name } = parseSource(url, 'source', options);
  const answer = kind === 'redis' ? await askLog(question, url, world) : await askRules(question, url, options, world);
  return { answer, source: name };
}
