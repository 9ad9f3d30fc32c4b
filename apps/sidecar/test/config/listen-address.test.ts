import { describe, expect, it } from '@jest/globals';
import { parseListenAddress } from '../../src/config/listen-address.ts';

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:65535', { kind: 'tcp', host: '0.0.0.0', port: 65_535 }],
    ['[::1]:7471', { kind: 'tcp', host: '::1', port: 7471 }],
    ['localhost:7471', { kind: 'tcp', host: 'localhost', port: 7471 }],
    ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
    ['unix:///run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ])('reads %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each([
    '',
    '7471',
    ':7471',
    '127.0.0.1',
    '127.0.0.1:65536',
    '::1:7471',
    '[127.0.0.1]:1',
    'redis:1',
    'unix:run',
    'unix:/run/',
  ])('rejects "%s"', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });
});
