import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { settleShape } from '../../src/express/settle-shape.ts';
import { expressVersions } from './versions.ts';

describe.each(expressVersions)('a request of %s', (_name, express) => {
  it('is the same after its shape was settled, and goes on', async () => {
    const app = express();
    const seen: Record<string, unknown>[] = [];
    const look = (request: object) => seen.push(Object.fromEntries(Object.entries(request)));
    app.use((request, _response, next) => {
      look(request);
      settleShape(request);
      look(request);
      next();
    });
    app.get('/orders', (request, response) => {
      response.json({ path: request.path, next: typeof request.next });
    });
    const { body } = await supertest(app).get('/orders').expect(200);
    expect(body).toEqual({ path: '/orders', next: 'function' });
    const [before = {}, after = {}] = seen;
    expect(typeof before['next']).toBe('function');
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const [name, value] of Object.entries(before)) expect(after[name]).toBe(value);
  });
});

it('leaves alone what did not come through Express', () => {
  const request = Object.freeze({ url: '/' });
  expect(() => settleShape(request)).not.toThrow();
  expect(request).toEqual({ url: '/' });
});
