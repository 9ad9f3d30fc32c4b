import { revocationReasons } from '@revocast/denylist/replica';
import { choice, duration, listOf, type OptionSpecs, text, trueOrFalse } from '@revocast/sidecar/service';
import { eventSettings, parsePointer, signalTypes, sourceKinds } from '../signals/index.ts';
import { endOfRefreshTokens, resolver } from './hooks.ts';
import { mapOf, objectOf } from './nested-kinds.ts';

const path = text({ expected: 'expected a path' });
const issuer = text({ expected: 'expected the "iss" of an issuer, 1–512 characters', accepts: /^[\x21-\x7e]{1,512}$/ });
const url = text({ expected: 'expected an https: URL without user and password', accepts: isPlainUrl });
const pointer = text({
  expected: 'expected a JSON pointer, such as /data/id',
  accepts: (written) => parsePointer(written) !== undefined,
});

function isPlainUrl(written: string): boolean {
  if (!URL.canParse(written) || written.length > 2048) return false;
  const { protocol, username, password } = new URL(written);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** What every source has. */
const common = {
  name: {
    kind: text({ expected: 'expected 1–64 characters of a–z, 0–9, - and _', accepts: /^[a-z0-9_-]{1,64}$/ }),
    required: true,
    description: 'Names the source: the path of its route is `/<name>`, and its label in metrics is this name.',
  },
  kind: { kind: choice(...sourceKinds), required: true, description: 'How its messages are written.' },
  issuer: {
    kind: issuer,
    required: true,
    description: 'The only `iss` that its messages may have; for webhooks, the issuer of the tokens of its users.',
  },
  tokenIssuers: {
    kind: listOf(issuer, 20),
    description: 'The issuers whose access tokens it may revoke. Default: `issuer`.',
  },
  allow: {
    kind: listOf(choice('block', 'lift', 'tenant'), 3),
    initial: [],
    description:
      'Rights beyond the end of what exists: `block` denies a disabled account until a lift, `lift` ends that, `tenant` revokes a whole tenant.',
  },
  subjectInTokens: {
    kind: trueOrFalse,
    initial: true,
    description:
      'Whether the user in its messages is the `sub` of access tokens. With `false` it is looked up (`subjects`).',
  },
  sessionInTokens: {
    kind: trueOrFalse,
    initial: true,
    description:
      'Whether access tokens contain the session ids of its messages. With `false` the tokens of the subject at the client end.',
  },
  subjects: {
    kind: resolver,
    description:
      'Where subjects that no token contains, such as e-mail addresses, are looked up: `url`, `bearerFile` (docs/receiver.md).',
  },
} as const satisfies OptionSpecs;

const signed = {
  audience: {
    kind: listOf(text({ expected: 'expected texts of 1–512 characters', accepts: /^[^\0]{1,512}$/ }), 20),
    initial: [],
    description: '`aud` of its messages must contain one of these.',
  },
  jwksUri: {
    kind: url,
    description: 'The key set of the issuer. Default: the one that the metadata of the issuer names.',
  },
} as const satisfies OptionSpecs;

const secret = {
  secretFile: {
    kind: path,
    required: true,
    description:
      'File with the secret of the sender, 16–512 characters; during a rotation two, one a line. Read again on change.',
  },
} as const satisfies OptionSpecs;

const logout = {
  ...common,
  ...signed,
} as const satisfies OptionSpecs;

/** Of a pusher, or of a sender that signs no assertion. */
const authorizationFile = {
  kind: path,
  description: 'File with the bearer token that the sender must send: with `push`, or in place of a signed assertion.',
} as const;

/** What the configuration changes in the table of events. */
const events = {
  kind: mapOf(choice(...eventSettings), { names: signalTypes }),
  initial: {},
  description: 'What events do, by their type: `off` or `cutoff` (docs/receiver.md has the default of each).',
} as const;

const ssf = {
  ...common,
  ...signed,
  delivery: {
    kind: choice('push', 'poll'),
    required: true,
    description: 'Whether the transmitter sends events to this receiver, or the receiver fetches them.',
  },
  manage: {
    kind: trueOrFalse,
    initial: false,
    description: 'Creates or adopts the stream at the transmitter, and asks it for verification events.',
  },
  transmitter: { kind: url, description: 'The issuer of the metadata of the transmitter. Default: `issuer`.' },
  receiverUrl: {
    kind: url,
    description: 'With `manage` and `push`: the URL of the route of this source, as the transmitter sees it.',
  },
  pollUrl: { kind: url, description: 'Where events are fetched, without `manage`.' },
  clientId: {
    kind: text({ expected: 'expected a client id' }),
    description: 'Client credentials for the transmitter.',
  },
  clientSecretFile: { kind: path, description: 'File with the secret of that client.' },
  tokenEndpoint: {
    kind: url,
    description: 'Where that client gets its token. Default: by the metadata of the issuer.',
  },
  scope: {
    kind: text({ expected: 'expected scopes' }),
    description: 'The scopes of that token. Default `ssf.manage ssf.read`.',
  },
  accessTokenFile: { kind: path, description: 'File with an access token for the transmitter, in place of a client.' },
  authorizationFile,
  verifyEveryMs: {
    kind: duration(10_000, 86_400_000),
    initial: '5m',
    description: 'With `manage`: the time between two verification events; never below what the transmitter permits.',
  },
  events,
  opaqueSubject: {
    kind: choice('subject', 'off'),
    initial: 'off',
    description: 'What a subject of the format `opaque` is in an event of an account.',
  },
  legacy: { kind: trueOrFalse, initial: false, description: 'Accepts SETs with `sub`, as those of Google.' },
} as const satisfies OptionSpecs;

const globalRevocation = {
  ...common,
  ...signed,
  authorizationFile,
  endRefreshTokens: {
    kind: endOfRefreshTokens,
    required: true,
    description:
      'Ends the refresh tokens and sessions of the subjects: `url`, `bearerFile`. The answer is 204 only after it.',
  },
} as const satisfies OptionSpecs;

const webhook = { ...common, ...secret } as const satisfies OptionSpecs;

/** Its events are those of the table. */
const hook = { ...webhook, events } as const satisfies OptionSpecs;

const rule = objectOf({
  action: { kind: choice('end', 'block', 'lift'), required: true, description: 'What the event does.' },
  session: { kind: pointer, description: 'Pointer to the session that it names.' },
  subject: { kind: pointer, description: 'Pointer to the subject that it names.' },
  email: { kind: pointer, description: 'Pointer to the e-mail address that it names.' },
  client: { kind: pointer, description: 'Pointer to the client, only with `subject`.' },
  reason: { kind: choice(...revocationReasons), description: 'The reason of the revocation.' },
});

const signedJson = {
  ...webhook,
  mapping: {
    kind: objectOf({
      events: { kind: pointer, description: 'Pointer to the list of events. Absent: the body is one event.' },
      type: { kind: pointer, required: true, description: 'Pointer to the name of the event.' },
      id: { kind: pointer, required: true, description: 'Pointer to the id of the event.' },
      time: { kind: pointer, description: 'Pointer to its time. Absent: the time of the receipt.' },
      rules: { kind: mapOf(rule), required: true, description: 'What each name does.' },
    }),
    required: true,
    description: 'Where the body has what (docs/receiver.md).',
  },
} as const satisfies OptionSpecs;

/** The options of a source, by its kind. */
export const sourceSpecs = {
  'backchannel-logout': logout,
  ssf,
  'global-token-revocation': globalRevocation,
  'okta-event-hook': hook,
  'auth0-log-stream': hook,
  'signed-json': signedJson,
} as const satisfies Readonly<Record<(typeof sourceKinds)[number], OptionSpecs>>;
