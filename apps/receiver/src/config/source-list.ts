import { isJsonObject } from '@revocast/denylist/replica';
import { type Mistake, objectSchemaOf, type ValuesOf, type WrittenFor } from '@revocast/sidecar/service';
import { type EventSetting, type SignalType, type SourceKind, settableEvents, sourceKinds } from '../signals/index.ts';
import { nested, parsePart } from './nested-kinds.ts';
import { sourceSpecs } from './source-specs.ts';

type Specs = typeof sourceSpecs;

/** One source: validated, with defaults. */
export type Source = { [Kind in SourceKind]: ValuesOf<Specs[Kind]> & { readonly kind: Kind } }[SourceKind];
export type SourceOf<Kind extends SourceKind> = Extract<Source, { readonly kind: Kind }>;

/** One source as it is written. */
export type SourceInput = { [Kind in SourceKind]: WrittenFor<Specs[Kind]> & { readonly kind: Kind } }[SourceKind];

const most = 100;
const expected = `expected a list of 1–${most} sources`;

/** The list of sources. */
export const sourceList = nested<readonly Source[]>({
  expected,
  schema: {
    type: 'array',
    minItems: 1,
    maxItems: most,
    items: {
      oneOf: sourceKinds.map((kind) => {
        const schema = objectSchemaOf(sourceSpecs[kind]);
        return { ...schema, properties: { ...schema.properties, kind: { const: kind } } };
      }),
    },
  },
  parse(written, at, mistakes) {
    if (!Array.isArray(written) || written.length < 1 || written.length > most) {
      return void mistakes.push({ option: at, message: expected });
    }
    const sources = written.map((one: unknown, index) => parseSource(one, `${at}[${index}]`, mistakes));
    const names = sources.map((source) => source?.name);
    for (const [index, name] of names.entries()) {
      if (name !== undefined && names.indexOf(name) !== index) {
        mistakes.push({ option: `${at}[${index}].name`, message: 'expected a name of its own: another source has it' });
      }
    }
    return sources.filter((source) => source !== undefined);
  },
});

function parseSource(written: unknown, at: string, mistakes: Mistake[]): Source | undefined {
  const kind = isJsonObject(written) ? sourceKinds.find((known) => known === written['kind']) : undefined;
  if (!isJsonObject(written) || kind === undefined) {
    return void mistakes.push({ option: `${at}.kind`, message: `expected one of ${sourceKinds.join(', ')}` });
  }
  const before = mistakes.length;
  const source = parsePart<Source>(sourceSpecs[kind], written, { at, mistakes });
  if (mistakes.length > before) return undefined;
  mistakes.push(...findConflicts(source).map(([option, message]) => ({ option: `${at}.${option}`, message })));
  return source;
}

/** Options that depend on others. */
function* conflictsOf(source: Source): Generator<readonly [option: string, message: string]> {
  if (source.kind === 'backchannel-logout' && source.audience.length === 0) {
    yield ['audience', 'needed: the client ids to which logout tokens are addressed'];
  }
  if (source.kind === 'global-token-revocation') {
    const isSigned = source.audience.length > 0;
    if (isSigned === (source.authorizationFile !== undefined)) {
      yield ['authorizationFile', 'expected either audience, for a signed assertion, or authorizationFile'];
    }
  }
  if (source.tokenIssuers?.length === 0) yield ['tokenIssuers', 'expected at least one issuer'];
  if (source.kind === 'signed-json') yield* conflictsInRules(source);
  if ('audience' in source) yield* conflictsInUrls(source);
  if ('events' in source) yield* conflictsInEvents(source.events);
  if (source.kind !== 'ssf') return;
  const { delivery, manage, clientId, clientSecretFile, accessTokenFile } = source;
  if (source.audience.length === 0 && !manage) yield ['audience', 'needed without manage: the `aud` of the stream'];
  if (delivery === 'poll' && !manage && source.pollUrl === undefined) yield ['pollUrl', 'needed without manage'];
  if (delivery === 'push' && manage && source.receiverUrl === undefined) yield ['receiverUrl', 'needed with manage'];
  if ((clientId === undefined) !== (clientSecretFile === undefined)) {
    yield ['clientSecretFile', 'expected clientId and clientSecretFile, or neither'];
  }
  if (accessTokenFile !== undefined && clientId !== undefined) {
    yield ['accessTokenFile', 'expected either a client or accessTokenFile'];
  }
  if ((manage || delivery === 'poll') && clientId === undefined && accessTokenFile === undefined) {
    yield ['clientId', 'needed for the transmitter: clientId with clientSecretFile, or accessTokenFile'];
  }
}

/** An issuer may be any name (RFC 7519 §4.1.1), but nothing is found by one that is not a URL. */
function* conflictsInUrls(
  source: SourceOf<'backchannel-logout' | 'ssf' | 'global-token-revocation'>,
): Generator<readonly [string, string]> {
  if (/^https?:$/.test(schemeOf(source.issuer))) return;
  const isSigned = source.kind !== 'global-token-revocation' || source.audience.length > 0;
  if (isSigned && source.jwksUri === undefined) yield ['jwksUri', 'needed, because issuer is not an https: URL'];
  if (source.kind !== 'ssf') return;
  const { manage, transmitter, clientId, tokenEndpoint } = source;
  if (manage && transmitter === undefined)
    yield ['transmitter', 'needed with manage, because issuer is not an https: URL'];
  if (clientId !== undefined && tokenEndpoint === undefined) {
    yield ['tokenEndpoint', 'needed with clientId, because issuer is not an https: URL'];
  }
}

/** In lower case; empty for what is not a URL. */
export function schemeOf(written: string): string {
  return URL.canParse(written) ? new URL(written).protocol : '';
}

function* conflictsInEvents(
  events: Readonly<Partial<Record<SignalType, EventSetting>>>,
): Generator<readonly [string, string]> {
  for (const [type, setting] of Object.entries(events)) {
    const isOfStream = type === 'verification' || type === 'stream-updated';
    const isSettable = setting === 'off' ? !isOfStream : settableEvents.some((each) => each === type);
    if (!isSettable) yield [`events.${type}`, `expected another type for ${setting}`];
  }
}

function* conflictsInRules({ mapping }: SourceOf<'signed-json'>): Generator<readonly [string, string]> {
  for (const [name, { action, session, subject, email, client }] of Object.entries(mapping.rules)) {
    const named = [session, subject, email].filter((pointer) => pointer !== undefined);
    if (named.length !== 1) yield [`mapping.rules.${name}`, 'expected exactly one of session, subject, email'];
    if (client !== undefined && subject === undefined)
      yield [`mapping.rules.${name}.client`, 'expected subject beside it'];
    if (session !== undefined && action !== 'end') yield [`mapping.rules.${name}.action`, 'expected end for a session'];
  }
}

function findConflicts(source: Source) {
  return [...conflictsOf(source)];
}
