import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { useDictionaryMode } from '../../src/express/v8-shapes.ts';
import { expressVersions } from './versions.ts';

describe.each(expressVersions)('what %s hands on', (_name, express) => {
  it('is the same after its shape was settled, and goes on', async () => {
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
    // Taken away and put back, they stand last; and not before, or taking them away would turn nothing into a dictionary.
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

it('leaves alone what did not come through Express', () => {
  const [request, response] = [Object.freeze({ url: '/' }), Object.freeze({ statusCode: 200 })];
  expect(() => useDictionaryMode(request, response)).not.toThrow();
  expect([request, response]).toEqual([{ url: '/' }, { statusCode: 200 }]);
});
