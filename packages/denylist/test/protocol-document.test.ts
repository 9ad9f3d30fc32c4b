import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decodeEvent, encodeRuleEvent } from '../src/codec/event.ts';
import { rowBytes } from '../src/codec/rows.ts';
import { encodeSnapshot, snapshotHeaderBytes } from '../src/codec/snapshot.ts';
import { closeCodes } from '../src/http/wire/stream.ts';
import { encodeProof, paths } from '../src/http/wire/wire.ts';
import { gapCauses } from '../src/log/feed.ts';
import { keys } from '../src/redis/keys.ts';
import * as append from '../src/redis/scripts/append.ts';
import * as lease from '../src/redis/scripts/lease.ts';
import * as logScripts from '../src/redis/scripts/log.ts';
import * as page from '../src/redis/scripts/page.ts';
import * as prune from '../src/redis/scripts/prune.ts';
import * as recall from '../src/redis/scripts/recall.ts';
import * as report from '../src/redis/scripts/report.ts';
import * as rights from '../src/redis/scripts/rights.ts';
import { staleCauses } from '../src/replication/freshness.ts';
import { digestOf, digestToHex } from '../src/rules/digest.ts';
import { type Dimension, type DimensionValue, dimensions } from '../src/rules/revocation.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const sourceOf = (path: string) => readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8');
const section = (title: string) => text.split(/^#+ /m).find((part) => part.startsWith(title)) ?? '';
/** Cells of every row of the table in a section whose first cell matches. */
const rows = (title: string, first: RegExp) =>
  section(title)
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell = '']) => first.test(cell));
const name = (cell = '') => cell.replaceAll('`', '');
const quoted = (sentence: string) => [...sentence.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
const line = (beginning: string) =>
  (text.split('\n').find((candidate) => candidate.startsWith(beginning)) ?? '').split('|');

describe('docs/protocol.md', () => {
  it('gives every constant the value that it has in the code', () => {
    const constants = rows('Constants', /^`/);
    expect(constants.length).toBeGreaterThan(20);
    for (const [constant, value, file] of constants) {
      const found = new RegExp(`const ${name(constant)} = ([\\d_]+);`).exec(sourceOf(name(file)))?.[1];
      expect([constant, found?.replaceAll('_', '')]).toEqual([constant, value]);
    }
  });

  it('has an example of a digest', () => {
    const [, example = '', digest] = /digest of `(\[1,.*\])` is `([0-9a-f]{32})`/.exec(text) ?? [];
    const [, dimension, issuer, value] = JSON.parse(example) as [1, Dimension, string, DimensionValue['value']];
    expect(digest).toBe(digestToHex(digestOf({ dimension, issuer, value })));
  });

  it('names every key, and every field of meta that a script reads or writes', () => {
    const listed = rows('Redis', /^`\{revocast\}/);
    expect(listed.map(([key]) => name(key)).sort()).toEqual(Object.values(keys).sort());
    const meta = quoted(listed.find(([key]) => name(key) === keys.meta)?.[2] ?? '');
    const written = Object.values({
      ...append,
      ...lease,
      ...logScripts,
      ...page,
      ...prune,
      ...recall,
      ...report,
      ...rights,
    })
      .flatMap((script) => (typeof script === 'object' ? [script.source] : []))
      .join('\n');
    const fields = [...written.matchAll(/'(?:HSET|HMGET|HGET|HEXISTS)', (?:meta|KEYS\[\d\]), ([^)]*)\)/g)]
      .flatMap(([, args = '']) => [...args.matchAll(/'([a-zA-Z]{3,})'/g)])
      .map(([, field]) => field);
    expect([...new Set(fields)].sort()).toEqual(meta.sort());
  });

  it('names every script with its number of keys', () => {
    const listed = rows('Redis', /^`[a-z-]+`$/).map(([script, count]) => [name(script), Number(count)]);
    const own = Object.values({
      ...append,
      ...lease,
      ...logScripts,
      ...page,
      ...prune,
      ...recall,
      ...report,
      ...rights,
    }).flatMap((script) => (typeof script === 'object' ? [[script.name, script.keyCount]] : []));
    expect(listed.sort()).toEqual(own.sort());
  });

  it('lays out an event as it is written', () => {
    const digest = digestOf({ dimension: 'subject', issuer: 'i', value: 'v' });
    const written = encodeRuleEvent(5, {
      digest,
      rule: { deniedUntil: 11, issuedUpTo: 12, denialStamp: 13, liftedUpTo: 14 },
      loggedAtMs: 21,
      receivedAtMs: 22,
      details: { id: 'x', kind: 'revoke' },
    }).split('|');
    const values = Object.fromEntries(line('1|r|').map((field, at) => [field, written[at]]));
    expect(values).toEqual({
      1: '1',
      r: 'r',
      seq: '5',
      loggedAtMs: '21',
      receivedAtMs: '22',
      digest: digestToHex(digest),
      deniedUntil: '11',
      issuedUpTo: '12',
      denialStamp: '13',
      liftedUpTo: '14',
      details: '{"id":"x","kind":"revoke"}',
    });
    const beat = new Map(Object.entries({ 1: '1', h: 'h', seq: '5', loggedAtMs: '21', healing: '1' }));
    const heartbeat = line('1|h|').map((field) => beat.get(field));
    expect(decodeEvent(heartbeat.join('|'))).toEqual({ kind: 'heartbeat', seq: 5, loggedAtMs: 21, healing: true });
  });

  it('lays out a proof as it is sent', () => {
    const sent = encodeProof({ provenAtMs: 1, bootId: 'b', heartbeatLoggedAtMs: 2, logAtProofMs: 3 }).split('|');
    expect(Object.fromEntries(line('1|provenAtMs').map((field, at) => [field, sent[at]]))).toEqual({
      1: '1',
      provenAtMs: '1.000',
      bootId: 'b',
      heartbeatLoggedAtMs: '2',
      logAtProofMs: '3.000',
    });
  });

  it('lays out a snapshot as it is sent', () => {
    const header = { feed: 'f1'.repeat(8), n: 7, epoch: 'e1'.repeat(8), maxTokenLifetimeSeconds: 3600 };
    const bytes = Buffer.concat([...encodeSnapshot(header, { rows: 1, chunks: () => [new Uint32Array(8)] })]);
    const at = new Map(
      rows('Snapshot', /^\d+$/).map(([offset, size, field]) => [
        field,
        [Number(offset), Number.parseInt(size ?? '', 10)],
      ]),
    );
    const read = (field: string) => {
      const [offset = -1, size = 0] = at.get(field) ?? [];
      return bytes.subarray(offset, offset + size).toString('hex');
    };
    expect(Buffer.from(read('`RVCS`'), 'hex').toString()).toBe('RVCS');
    expect(read('`feed`')).toBe(header.feed);
    expect(Number.parseInt(read('`n`'), 16)).toBe(7);
    expect(read('`epoch`')).toBe(header.epoch);
    expect(Number.parseInt(read('`maxTokenLifetime`, seconds'), 16)).toBe(3600);
    expect(Number.parseInt(read('number of rows'), 16)).toBe(1);
    const rowsAt = [...at].find(([field]) => field?.startsWith('rows:'))?.[1];
    expect(rowsAt).toEqual([snapshotHeaderBytes, rowBytes]);
    expect(bytes.byteLength).toBe(snapshotHeaderBytes + rowBytes + 4);
  });

  it('gives a value to every number that it names by a constant', () => {
    const constants = rows('Constants', /^`/).map(([constant]) => name(constant));
    const used = [
      ...text.matchAll(/`((?:max|least|most|welcome|report|keepAlive|read)[A-Za-z]*(?:Ms|Bytes|Replicas))`/g),
    ];
    // The option that `defaultMaxStalenessMs` is the default of.
    expect(
      used.map(([, word]) => word).filter((word) => word !== 'maxStalenessMs' && !constants.includes(word!)),
    ).toEqual([]);
  });

  it('names every dimension, and every code with which a sidecar closes a stream', () => {
    expect(rows('The rule', /^`[a-z_]+`$/).map(([dimension]) => name(dimension))).toEqual([...dimensions]);
    // 1009 is of the library of the WebSocket, for a message that is too long.
    const codes = rows('What a sidecar does with them', /^\d{4}$/).map(([code]) => Number(code));
    expect(codes).toEqual([...Object.values(closeCodes), 1009].sort());
  });

  it('names every path, every cause of a hole and every cause of staleness', () => {
    expect(
      rows("The sidecar's wire", /^`\/v1/)
        .map(([path]) => name(path))
        .sort(),
    ).toEqual(Object.values(paths).sort());
    const inText = (causes: readonly string[]) =>
      text.replaceAll('\n', ' ').includes(causes.map((cause) => `\`${cause}\``).join(', '));
    expect([inText(gapCauses), inText(staleCauses)]).toEqual([true, true]);
  });
});
