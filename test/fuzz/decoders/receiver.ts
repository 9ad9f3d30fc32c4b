import { resolveReceiver } from '../../../apps/receiver/src/program.ts';
import { readPolled } from '../../../apps/receiver/src/streams/poll.ts';
import { parseStreams } from '../../../apps/receiver/src/streams/stream-configuration.ts';
import type { Decoder } from '../decoder.ts';

/** The configuration file of a receiver, with nested sources. */
const receiverConfiguration: Decoder = {
  name: 'receiver-configuration',
  seeds: [
    'log: redis://redis\nspool: /s\nsources:\n  - { name: sso, kind: backchannel-logout, issuer: "https://a.test", audience: [shop], allow: [block] }\n',
    '{"log":"memory:","sources":[{"name":"a","kind":"ssf","delivery":"poll","issuer":"https://a.test","manage":true,"accessTokenFile":"/t","events":{"risk-level-change":"cutoff"},"subjects":{"url":"http://d/"}}]}',
    '{"log":"memory:","sources":[{"name":"z","kind":"signed-json","issuer":"https://a.test","secretFile":"/s","mapping":{"type":"/t","id":"/i","rules":{"x":{"action":"end","session":"/s"}}}}]}',
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode(input) {
    const text = input.toString('utf8');
    const resolved = resolveReceiver({ argv: [], environment: {}, configFile: 'r.yaml', readFile: () => text });
    return resolved.ok ? resolved : undefined;
  },
};

/** What a transmitter answers to a poll, and to a question about its streams. */
const transmitterAnswer: Decoder = {
  name: 'transmitter-answer',
  seeds: [
    '{"sets":{"a":"e30.e30.e30"},"moreAvailable":true}',
    '[{"stream_id":"s","aud":["a"],"delivery":{"method":"urn:ietf:rfc:8936","endpoint_url":"https://a.test/p"},"min_verification_interval":60}]',
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode(input) {
    const json = parse(input.toString('utf8'));
    return readPolled({ status: 200, json }) ?? parseStreams(json)[0];
  },
};

function parse(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return json;
  } catch {
    return undefined; // no JSON
  }
}

export const receiverDecoders = [receiverConfiguration, transmitterAnswer];
