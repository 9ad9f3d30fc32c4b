import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { useDictionaryMode } from '../../src/express/v8-shapes.ts';
import { expressVersions } from './versions.ts';

describe.each(expressVersions)('a request on %s', (_name, express) => {
  it('has the same properties in dictionary mode, and is answered', async () => {
    const app = express();
    const seen: Record<'request' | 'response', Record<string, unknown>>[] = [];
    const look = (request: object, response: object) => {
      const [ofRequest, ofResponse] = [request, response].map((from) => Object.fromEntries(Object.entries(from)));
      seen.push({ request: ofRequest ?? {}, response: ofResponse ?? {} });
    };
    app.use((request, response, next) => {
      look(request, response);
      useDictionaryMode(request, response);
      look(request, response);
      next();
    });
    app.get('/orders', (request, response) => {
      response.json({ path: request.path, next: typeof request.next, same: response.req === request });
    });
    const { body } = await supertest(app).get('/orders').expect(200);
    expect(body).toEqual({ path: '/orders', next: 'function', same: true });
    const [before, after] = seen;
    // A deleted and restored property is the last one. If it was the last before, V8 would not make a dictionary.
    const last = (of: object | undefined) => Object.keys(of ?? {}).at(-1);
    expect([last(before?.request), last(before?.response)]).not.toContainEqual(expect.stringMatching(/^(next|req)$/));
    expect([last(after?.request), last(after?.response)]).toEqual(['next', 'req']);
    expect(typeof before?.request['next']).toBe('function');
    expect(typeof before?.response['req']).toBe('object');
    for (const name of ['request', 'response'] as const) {
      const [had = {}, has = {}] = [before?.[name], after?.[name]];
      expect(Object.keys(has).sort()).toEqual(Object.keys(had).sort());
      for (const [key, value] of Object.entries(had)) expect(has[key]).toBe(value);
    }
  });
});

it('stays unchanged if Express has not routed it', () => {
  const [request, response] = [Object.freeze({ url: '/' }), Object.freeze({ statusCode: 200 })];
  expect(() => useDictionaryMode(request, response)).not.toThrow();
  expect([request, response]).toEqual([{ url: '/' }, { statusCode: 200 }]);
});
