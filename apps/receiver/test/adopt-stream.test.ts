import { describe, expect, it } from '@jest/globals';
import type { SourceOf } from '../src/config/source-list.ts';
import { adoptStream, deliveryMethods } from '../src/streams/stream-configuration.ts';
import type { TransmitterClient } from '../src/streams/transmitter-client.ts';

type Stream = Readonly<Record<string, unknown>>;

const streamOf = (id: string, description?: string, method: keyof typeof deliveryMethods = 'poll'): Stream => ({
  stream_id: id,
  description,
  delivery: { method: deliveryMethods[method], endpoint_url: 'https://receiver.example/idp' },
});

/** The id of the stream that a source gets, and the description with which one was created. */
async function adopt(existing: readonly Stream[], delivery: 'poll' | 'push' = 'poll') {
  const created: unknown[] = [];
  const client = {
    async request({ method, json }: { method: string; json?: Stream }) {
      if (method === 'GET') return { status: 200, json: existing };
      created.push(json?.['description']);
      return { status: 201, json: { ...json, stream_id: 'created' } };
    },
  } as unknown as TransmitterClient;
  const source = { name: 'production', delivery, receiverUrl: 'https://receiver.example/idp' } as SourceOf<'ssf'>;
  const { id } = await adoptStream(source, { configurationEndpoint: 'https://idp.example/streams' }, { client });
  return [id, ...created];
}

describe('the stream of a source that polls', () => {
  it.each([
    ['is the one with its name', [streamOf('a'), streamOf('b', 'revocast-receiver production')], ['b']],
    ['is one that another program has described', [streamOf('a', 'By hand')], ['a']],
    ['is one without a description', [streamOf('a', 'revocast-receiver staging'), streamOf('b')], ['b']],
    [
      'is created, with its name, where only those of other sources exist',
      [streamOf('a', 'revocast-receiver staging'), streamOf('b', undefined, 'push')],
      ['created', 'revocast-receiver production'],
    ],
  ])('%s', async (_what, existing, expected) => {
    expect(await adopt(existing)).toEqual(expected);
  });
});

describe('the stream of a source that is pushed to', () => {
  it('is the one with its address', async () => {
    expect(await adopt([streamOf('a'), streamOf('b', 'revocast-receiver staging', 'push')], 'push')).toEqual(['b']);
  });
});
