import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';
import type { SourceOf } from '../config/source-list.ts';
import { StreamError } from './stream-error.ts';
import type { TransmitterClient } from './transmitter-client.ts';

export const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const;

/** What the metadata of a transmitter says (SSF 1.0 §7.1). */
export interface TransmitterMetadata {
  readonly configurationEndpoint: string;
  readonly statusEndpoint?: string | undefined;
  readonly verificationEndpoint?: string | undefined;
  /** `NONE`: events come only about subjects that were added one by one. */
  readonly defaultSubjects?: string | undefined;
}

/** SSF 1.0 §8.1.1, as far as it is used. */
export interface StreamConfiguration {
  readonly id: string;
  readonly audience: readonly string[];
  readonly pollUrl?: string | undefined;
  readonly minVerificationMs: number;
}

/** SSF 1.0 §7.2 inserts between host and path; Keycloak and others append. */
export function metadataUrls(transmitter: string): readonly string[] {
  const { origin, pathname } = new URL(transmitter);
  const path = pathname.replace(/\/$/, '');
  const inserted = `${origin}/.well-known/ssf-configuration${path}`;
  return path === '' ? [inserted] : [inserted, `${origin}${path}/.well-known/ssf-configuration`];
}

/** @throws StreamError */
export async function readMetadata(transmitter: string, client: TransmitterClient): Promise<TransmitterMetadata> {
  for (const url of metadataUrls(transmitter)) {
    const found = await client.document(url);
    // SSF 1.0 §7.2.3: metadata with another issuer must not be used.
    if (found === undefined || found['issuer'] !== transmitter) continue;
    const configurationEndpoint = textOf(found, 'configuration_endpoint');
    if (configurationEndpoint === undefined) continue;
    return {
      configurationEndpoint,
      statusEndpoint: textOf(found, 'status_endpoint'),
      verificationEndpoint: textOf(found, 'verification_endpoint'),
      defaultSubjects: textOf(found, 'default_subjects'),
    };
  }
  throw new StreamError('bad_metadata');
}

/**
 * The stream at the transmitter that delivers to this receiver; created if there is none. A poll stream has no address of its
 * receiver, so that its description says which source it is for; one without such a description is adopted too, because not every
 * transmitter keeps descriptions.
 *
 * @throws StreamError
 */
export async function adoptStream(
  source: SourceOf<'ssf'>,
  { configurationEndpoint: url }: TransmitterMetadata,
  { client, authorization }: { readonly client: TransmitterClient; readonly authorization?: string | undefined },
): Promise<StreamConfiguration> {
  const found = await client.request({ url, method: 'GET' });
  const fitting = parseStreams(found.json).filter((stream) => fits(stream, source));
  const description = descriptionPrefix + source.name;
  const existing = fitting.find((stream) => stream.description === description) ?? fitting[0];
  if (existing !== undefined) return existing.stream;
  const method = deliveryMethods[source.delivery];
  const delivery =
    source.delivery === 'push'
      ? { method, endpoint_url: source.receiverUrl, authorization_header: authorization }
      : { method };
  const json = {
    delivery,
    events_requested: requested,
    description: source.delivery === 'poll' ? description : undefined,
  };
  const created = await client.request({ url, method: 'POST', json });
  const [parsed] = parseStreams(created.json);
  if (parsed === undefined) throw new StreamError('bad_stream', { status: created.status });
  return parsed.stream;
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
/** Types that have an effect, by default or by the option `events`. */
const requested = [
  ...['session-revoked', 'credential-change', 'token-claims-change', 'assurance-level-change'].map(
    (type) => caep + type,
  ),
  ...['device-compliance-change', 'risk-level-change'].map((type) => caep + type),
  ...['account-disabled', 'account-enabled', 'account-purged', 'credential-compromise'].map((type) => risc + type),
  ...['account-credential-change-required', 'sessions-revoked'].map((type) => risc + type),
];

const descriptionPrefix = 'revocast-receiver ';
const mostStreams = 1000;

/** One stream, or a list of them (SSF 1.0 §8.1.1.2). What is none is left out. */
export function parseStreams(json: unknown): readonly ParsedStream[] {
  const listed: readonly unknown[] = Array.isArray(json) ? json.slice(0, mostStreams) : [json];
  return listed.map(parseStream).filter((stream) => stream !== undefined);
}

interface ParsedStream {
  readonly method: string | undefined;
  readonly endpoint: string | undefined;
  readonly description: string | undefined;
  readonly stream: StreamConfiguration;
}

function parseStream(found: unknown): ParsedStream | undefined {
  if (!isJsonObject(found) || !isJsonObject(found['delivery'])) return undefined;
  const id = textOf(found, 'stream_id');
  if (id === undefined) return undefined;
  const { delivery, aud, min_verification_interval: seconds } = found;
  const endpoint = textOf(delivery, 'endpoint_url');
  const audience = (Array.isArray(aud) ? aud : [aud]).filter((one): one is string => typeof one === 'string');
  const minVerificationMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0;
  const stream: StreamConfiguration = { id, audience, pollUrl: endpoint, minVerificationMs };
  return { method: textOf(delivery, 'method'), endpoint, description: textOf(found, 'description'), stream };
}

function fits(parsed: ParsedStream, { delivery, name, receiverUrl }: SourceOf<'ssf'>): boolean {
  if (parsed.method !== deliveryMethods[delivery]) return false;
  if (delivery === 'push') return parsed.endpoint === receiverUrl;
  // Two receivers that poll one stream get only some of its events each.
  const isOfReceiver = parsed.description?.startsWith(descriptionPrefix) ?? false;
  return !isOfReceiver || parsed.description === descriptionPrefix + name;
}

function textOf(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' && value.length <= 2048 ? value : undefined;
}
