import { describe, expect, it } from '@jest/globals';
import { readBearer } from '../../src/token/bearer.ts';

const token = { kind: 'token', scheme: 'bearer', token: 'abc' };
const twice = { kind: 'refused', reason: 'multiple_tokens' };
const malformed = { kind: 'refused', reason: 'malformed_request' };
const field = 'Bearer abc';

describe('the fields of a request that is not Node’s', () => {
  it.each<[string, Parameters<typeof readBearer>[0]]>([
    ['a request of the Fetch API', new Request('https://api.test/', { headers: { Authorization: field } })],
    ['a Headers object', { headers: new Headers({ authorization: field }) }],
    ['a Map', { headers: new Map([['Authorization', field]]) }],
    ['a list of pairs', { headers: [['Authorization', field]] }],
    ['a list in which names and values alternate', { headers: ['Host', 'api.test', 'Authorization', field] }],
    ['names in any case', { headers: { AUTHORIZATION: field } }],
    ['a list of values', { headers: { Authorization: [field] } }],
    ['an event of API Gateway', { headers: { Authorization: field }, multiValueHeaders: { Authorization: [field] } }],
    ['an event without a list of values', { headers: { authorization: field }, multiValueHeaders: null }],
    ['an event of a load balancer', { headers: null, multiValueHeaders: { Authorization: [field] } }],
    ['an event of CloudFront', { headers: { authorization: [{ key: 'Authorization', value: field }] } }],
    ['an object without a prototype', { headers: Object.assign(Object.create(null), { Authorization: field }) }],
  ])('are found in %s', (_what, request) => {
    expect(readBearer(request)).toEqual(token);
  });

  it.each<[string, Parameters<typeof readBearer>[0], object]>([
    ['two cases of one name', { headers: { Authorization: field, authorization: field } }, twice],
    ['two pairs', { headers: [...Array(2)].map(() => ['authorization', field]) }, twice],
    ['two values', { headers: { Authorization: field }, multiValueHeaders: { Authorization: [field, field] } }, twice],
    // The Fetch API joins fields of one name by a comma.
    [
      'two fields that are joined',
      { headers: new Headers([...Array(2)].map(() => ['authorization', field])) },
      malformed,
    ],
    ['a value that is no text', { headers: { Authorization: [7] } }, malformed],
  ])('are refused for %s', (_what, request, expected) => {
    expect(readBearer(request)).toEqual(expected);
  });

  it.each<[string, Parameters<typeof readBearer>[0]]>([
    ['no headers', { headers: null }],
    ['an absent value', { headers: { authorization: undefined } }],
    ['another field', { headers: { 'x-authorization': field } }],
    ['an inherited field', { headers: Object.create({ authorization: field }) }],
  ])('are none with %s', (_what, request) => {
    expect(readBearer(request)).toEqual({ kind: 'none' });
  });
});
