import type { JsonObject } from '@revocast/denylist/replica';
import { readComplexSubject } from './complex-subject.ts';
import { readSimple, withFormat } from './simple-subject.ts';
import type { Subject, SubjectContext } from './subject.ts';

/** `malformed`: it does not conform to its format, so nothing may be guessed from it. */
export type SubjectReading = readonly Subject[] | 'malformed' | 'too_many';

const mostAliases = 16;

/** The subjects that an identifier names. The content of an identifier is never fetched. */
export function readSubject(value: unknown, context: SubjectContext): SubjectReading {
  const identifier = withFormat(value);
  if (identifier === undefined) return 'malformed';
  const { format } = identifier;
  if (format === 'aliases') return readAliases(identifier, context);
  const subject = format === 'complex' ? readComplexSubject(identifier, context) : readSimple(identifier, context);
  return subject === 'malformed' ? subject : [subject];
}

/** RFC 9493 §3.2.8: each alias names the same subject; an alias must not be a list of aliases. */
function readAliases({ identifiers }: JsonObject, context: SubjectContext): SubjectReading {
  if (!Array.isArray(identifiers) || identifiers.length === 0) return 'malformed';
  if (identifiers.length > mostAliases) return 'too_many';
  const subjects: Subject[] = [];
  for (const identifier of identifiers) {
    if (withFormat(identifier)?.['format'] === 'aliases') return 'malformed';
    const subject = readSubject(identifier, context);
    if (typeof subject === 'string') return subject;
    subjects.push(...subject);
  }
  return subjects;
}
