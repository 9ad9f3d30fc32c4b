import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../scripts/check-dependencies.mjs', import.meta.url));

const manifests = {
  'package.json': { workspaces: ['packages/*', 'apps/*'] },
  'packages/denylist/package.json': {
    name: '@revocast/denylist',
    exports: { '.': { 'revocast-source': './src/index.ts' }, './replica': { 'revocast-source': './src/replica.ts' } },
    dependencies: { 'eventsource-parser': '3' },
    peerDependencies: { ioredis: '6' },
    peerDependenciesMeta: { ioredis: { optional: true } },
  },
  'packages/middleware/package.json': {
    name: '@revocast/middleware',
    exports: { '.': { 'revocast-source': './src/index.ts' } },
    dependencies: { '@revocast/denylist': '1', jose: '6' },
    peerDependencies: { ioredis: '6', express: '5' },
    peerDependenciesMeta: { ioredis: { optional: true }, express: { optional: true } },
  },
  'apps/sidecar/package.json': { name: '@revocast/sidecar', dependencies: { yaml: '2' } },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dependencies-'));
  for (const [path, manifest] of Object.entries(manifests)) write(path, JSON.stringify(manifest));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** Plants the files and returns what the check says about each: `path:line: rule`. */
function check(files: Record<string, string>): { code: number | null; violations: string[] } {
  for (const [path, content] of Object.entries(files)) write(path, content);
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { code: status, violations: stderr.split('\n').filter((line) => line !== '' && !line.startsWith(' ')) };
}

describe('given a repository that keeps the rules', () => {
  it('finds nothing and exits with 0', () => {
    const result = check({
      'packages/denylist/src/index.ts':
        "export { connect } from './redis/connect.ts';\nexport * from './rules/rule.ts';",
      'packages/denylist/src/replica.ts': "export * from './rules/rule.ts';",
      'packages/denylist/src/rules/rule.ts': [
        "import { createHash } from 'node:crypto';",
        "import type { Options } from '../redis/connect.ts';",
        '// Date.now() in a comment, and "process" in a string, name nothing',
        "export const text = 'Math.random() and setTimeout()';",
        'export function rule(process: Options, at: number) {',
        '  const setTimeout = (value: unknown) => value;',
        "  return [process, setTimeout(new Date(at)), createHash('sha256'), { fetch: 1 }.fetch];",
        '}',
        'export interface Timers { setTimeout(ms: number): void; start: typeof setInterval }',
      ].join('\n'),
      'packages/denylist/src/redis/connection/connect.ts':
        "import type { Redis } from 'ioredis';\nexport type Options = { redis: Redis };\n" +
        "export const connect = async () => [(await import('ioredis')).Redis, Date.now()];",
      'packages/middleware/src/index.ts': "export { processDependencies } from './verifier/process-dependencies.ts';",
      'packages/middleware/src/verifier/process-dependencies.ts':
        "import { openFeed } from '@revocast/denylist/replica';\n" +
        "export const processDependencies = async () => [openFeed, await import('ioredis'), process.env];",
      'packages/middleware/src/express/protect.ts': "import type { Request } from 'express';\nexport type R = Request;",
      'apps/sidecar/src/main.ts': "#!/usr/bin/env node\nimport { parse } from 'yaml';\nparse('');",
    });
    expect(result).toEqual({ code: 0, violations: [] });
  });
});

describe('given one planted violation', () => {
  it.each([
    ['packages/denylist/src/rules/rule.ts', 'export const at = Date.now();', '1: a pure file may not name Date.now'],
    [
      'packages/denylist/src/rules/rule.ts',
      "\n\nexport const at = Date['now']();",
      '3: a pure file may not name Date.now',
    ],
    ['packages/denylist/src/rules/rule.ts', '/* é */\nglobalThis.Date.now();', '2: a pure file may not name Date.now'],
    ['packages/denylist/src/rules/rule.ts', 'export const at = new Date();', '1: a pure file may not name new Date()'],
    [
      'packages/denylist/src/rules/rule.ts',
      'export const n = Math.random();',
      '1: a pure file may not name Math.random',
    ],
    ['packages/denylist/src/rules/rule.ts', 'export const e = process.env.X;', '1: a pure file may not name process'],
    ['packages/denylist/src/rules/rule.ts', 'setTimeout(() => {}, 1);', '1: a pure file may not name setTimeout'],
    [
      'packages/denylist/src/rules/rule.ts',
      'export const f = { setInterval };',
      '1: a pure file may not name setInterval',
    ],
    ['packages/denylist/src/rules/rule.ts', "await fetch('http://localhost');", '1: a pure file may not name fetch'],
    [
      'packages/denylist/src/rules/rule.ts',
      "import { randomBytes } from 'node:crypto';\nrandomBytes(1);",
      '1: a pure file may not draw randomness (randomBytes)',
    ],
    [
      'packages/denylist/src/rules/rule.ts',
      "import { get } from 'node:http';\nget('x');",
      '1: a pure file may not import node:http',
    ],
    ['packages/denylist/src/rules/rule.ts', "import { readFileSync } from 'fs';", '1: a pure file may not import fs'],
    [
      'packages/middleware/src/rule.ts',
      "import type { Request } from 'express';",
      '1: a pure file may not import express',
    ],
    [
      'packages/denylist/src/rules/rule.ts',
      "import { x } from '../redis/x.ts';\nx();",
      '1: a pure file may not load the edge redis/x.ts',
      { 'packages/denylist/src/redis/x.ts': 'export const x = () => 1;' },
    ],
    [
      'packages/denylist/src/http/server/serve.ts',
      "import { Redis } from 'ioredis';\nnew Redis();",
      '1: only redis/ may load ioredis',
    ],
    [
      'packages/denylist/src/http/server/serve.ts',
      "import { decode } from 'jose';\ndecode();",
      '1: packages/denylist may not import jose',
    ],
    [
      'packages/middleware/src/telemetry/prometheus.ts',
      "import { Registry } from 'prom-client';\nnew Registry();",
      '1: prom-client is not declared: it would only work where another package brings it along',
    ],
    [
      'packages/denylist/src/http/server/serve.ts',
      "const name = 'jose';\nawait import(name);",
      '2: packages/denylist may not import (computed)',
    ],
    [
      'packages/middleware/src/verifier/process-dependencies.ts',
      "import { Redis } from 'ioredis';\nnew Redis();",
      '1: ioredis is loaded dynamically only',
    ],
    [
      'packages/middleware/src/express/protect.ts',
      "await import('ioredis');",
      '1: only process-dependencies.ts may load ioredis',
    ],
    [
      'packages/middleware/src/express/protect.ts',
      "import { openFeed } from '@revocast/denylist/replica';\nopenFeed();",
      '1: only process-dependencies.ts may import openFeed',
    ],
    [
      'packages/denylist/src/http/server/serve.ts',
      "import '../../../../middleware/src/index.ts';",
      "1: '../../../../middleware/src/index.ts' leaves packages/denylist",
    ],
    [
      'packages/denylist/test/x.test.ts',
      "import '@revocast/sidecar';",
      '1: packages never import apps (@revocast/sidecar)',
    ],
    [
      'packages/denylist/test/x.test.ts',
      "import '@revocast/middleware';",
      '1: denylist never imports middleware (@revocast/middleware)',
    ],
    [
      'packages/denylist/src/b.ts',
      "import { a } from './a.ts';\nexport const b = () => a;",
      '1: import cycle: src/a.ts → src/b.ts → src/a.ts',
      { 'packages/denylist/src/a.ts': "import { b } from './b.ts';\nexport const a = () => b;" },
    ],
    [
      'packages/denylist/src/b.ts',
      "import type { A } from './a.ts';\nexport type B = A;",
      '1: import cycle: src/a.ts → src/b.ts → src/a.ts',
      { 'packages/denylist/src/a.ts': "import type { B } from './b.ts';\nexport type A = B;" },
    ],
    [
      'packages/denylist/src/redis/log.ts',
      "import { Redis } from 'ioredis';\nnew Redis();",
      '1: @revocast/denylist cannot be imported without its optional peer ioredis',
      { 'packages/denylist/src/index.ts': "export * from './redis/log.ts';" },
    ],
  ])('reports %s: %s', (path, content, expected, others: Record<string, string> = {}) => {
    expect(check({ ...others, [path]: content })).toEqual({ code: 1, violations: [`${path}:${expected}`] });
  });

  it('refuses a workspace that the tables do not know', () => {
    const { code, violations } = check({ 'apps/new/package.json': '{"name":"new"}' });
    expect({ code, violations }).toEqual({
      code: 1,
      violations: ['apps/new/package.json:1: nothing says what apps/new may import'],
    });
  });

  it('follows a package into another one when it looks for optional peers', () => {
    const { violations } = check({
      'packages/denylist/src/index.ts': "export * from './redis/log.ts';",
      'packages/denylist/src/redis/log.ts': "import { Redis } from 'ioredis';\nnew Redis();",
      'packages/middleware/src/index.ts': "export * from '@revocast/denylist';",
    });
    expect(violations).toEqual([
      'packages/denylist/src/redis/log.ts:1: @revocast/denylist cannot be imported without its optional peer ioredis',
      'packages/denylist/src/redis/log.ts:1: @revocast/middleware cannot be imported without its optional peer ioredis',
    ]);
  });
});
