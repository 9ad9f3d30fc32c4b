// The allowed imports of each workspace, and the files that may do I/O. ARCHITECTURE.md explains these tables.
// Usage: node scripts/check-dependencies.mjs [root]
import { join, relative, sep } from 'node:path';
import { cycles, unloadablePeers } from './dependencies/graph.mjs';
import { borders, loaders, pureGlobals, pureImports, unlisted } from './dependencies/rules.mjs';
import { findWorkspaces, isListed } from './dependencies/workspaces.mjs';
import { root as repository } from './run.mjs';

/** The packages that the sources of each workspace may import. All others are rejected, also in a new workspace. */
const mayImport = {
  'packages/denylist': ['eventsource-parser', 'ioredis', 'ws'],
  'packages/middleware': [
    '@revocast/denylist',
    'jose',
    'lru-cache',
    '@modelcontextprotocol/sdk',
    '@nestjs/common',
    'express',
    'ioredis',
    'prom-client',
    '@opentelemetry/api',
  ],
  'packages/issuer': [
    '@revocast/denylist',
    'jose',
    'express',
    'oidc-provider',
    'pg',
    'prom-client',
    '@opentelemetry/api',
  ],
  'packages/testing': ['@revocast/denylist'],
  'apps/sidecar': ['@revocast/denylist', 'ioredis', 'prom-client', 'pino', 'yaml'],
  'apps/receiver': ['@revocast/denylist', '@revocast/middleware', '@revocast/sidecar', 'jose', 'pino', 'prom-client'],
  'apps/cli': ['@revocast/denylist', '@revocast/middleware', 'commander'],
  'apps/demo': [
    '@opentelemetry/api',
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/exporter-prometheus',
    '@opentelemetry/sdk-metrics',
    '@opentelemetry/sdk-trace-base',
    '@revocast/denylist',
    '@revocast/issuer',
    '@revocast/middleware',
    '@revocast/sidecar',
    '@revocast/test-support',
    'express',
    'ioredis',
    'jose',
    'oidc-provider',
    'pg',
    'prom-client',
  ],
  'test-support': ['@revocast/testing'],
  bench: [
    '@revocast/denylist',
    '@revocast/middleware',
    '@revocast/sidecar',
    '@revocast/test-support',
    'aws-jwt-verify',
    'express',
    'express-jwt',
    'express-oauth2-jwt-bearer',
    'fast-jwt',
    'ioredis',
    'jose',
    'jwks-rsa',
    'prom-client',
  ],
  chaos: [
    '@revocast/denylist',
    '@revocast/issuer',
    '@revocast/middleware',
    '@revocast/sidecar',
    '@revocast/test-support',
    'express',
    'ioredis',
    'pg',
  ],
};

/** Packages that only some files of a workspace may load, except types. `dynamically`: only with `import()`. */
const loadedOnlyBy = [
  { workspace: 'packages/denylist', module: 'ioredis', files: ['redis/'] },
  { workspace: 'packages/denylist', module: 'eventsource-parser', files: ['http/'] },
  { workspace: 'packages/denylist', module: 'ws', files: ['http/'] },
  { workspace: 'packages/middleware', module: 'ioredis', files: ['process-dependencies.ts'], dynamically: true },
];

/** Functions that open a connection. Only the composition root may import them. */
const openedOnlyBy = {
  workspace: 'packages/middleware',
  names: ['openFeed', 'openLookUp', 'openReplayStore', 'openUsageStore', 'openSource', 'createPublisher'],
  files: ['process-dependencies.ts'],
};

/** Files of `packages` that may do I/O. A name with a slash is a folder; without one, a file in any folder. */
const edges = [
  'adapters/',
  'redis/',
  'http/',
  'embedded/file/',
  'express/',
  'oidc-provider/',
  'postgres/',
  'telemetry/',
  'fetch-key-set.ts',
  'address-list.ts',
  'start-thread.ts',
  'process-label.ts',
  'read-tls-files.ts',
  'read-version.ts',
  'system-clock.ts',
];

/** Composition roots: they choose adapters, read the environment, and pass both on as arguments. */
const compositionRoots = [
  'process-dependencies.ts',
  'create-verifier.ts',
  'create-lifecycle.ts',
  'create-publisher.ts',
  'create-test-kit.ts',
  'open-feed.ts',
  'open-look-up.ts',
  'open-replay-store.ts',
  'open-usage-store.ts',
  'open-source.ts',
];

/** Every other file of `packages` is pure: it takes clock, randomness, fetch and storage as parameters. */
const pure = {
  imports: [
    'node:buffer',
    'node:crypto',
    'node:events',
    'node:url',
    'node:util',
    'node:zlib',
    '@revocast/denylist',
    'eventsource-parser',
    'jose',
    'lru-cache',
  ],
  // It draws one number for the process, on which nothing depends except the places of rules in memory.
  mayDraw: ['placement.ts'],
  refusedNames: ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'],
  refusedGlobals: [
    'Date.now',
    'new Date()',
    'Math.random',
    'crypto.getRandomValues',
    'crypto.randomUUID',
    'performance',
    'process',
    'fetch',
    'setTimeout',
    'setInterval',
    'setImmediate',
  ],
};

const root = process.argv[2] ?? repository;
const workspaces = findWorkspaces(root);
const violations = [...workspaces.flatMap((workspace) => [...violationsIn(workspace)]), ...cycles(workspaces)];

for (const { file, line, rule, remedy } of violations) {
  console.error(`${relative(root, file).split(sep).join('/')}:${line}: ${rule}\n    ${remedy}`);
}
const files = workspaces.reduce((sum, { sources, tests }) => sum + sources.size + tests.length, 0);
console.log(`${violations.length} violations in ${files} files of ${workspaces.length} workspaces`);
process.exit(violations.length === 0 ? 0 : 1);

function* violationsIn(workspace) {
  const allowed = mayImport[workspace.path];
  if (allowed === undefined) {
    const remedy = 'list what it may import in the table `mayImport` of scripts/check-dependencies.mjs';
    const file = join(workspace.folder, 'package.json');
    yield { file, line: 1, rule: `nothing says what ${workspace.path} may import`, remedy };
    return;
  }
  for (const file of workspace.tests) yield* borders(workspaces, workspace, file);
  for (const file of workspace.sources.values()) {
    yield* borders(workspaces, workspace, file);
    yield* unlisted(workspace, file, allowed);
    yield* loaders(workspace, file, loadedOnlyBy, openedOnlyBy);
    if (!isPure(workspace, file)) continue;
    yield* pureImports(workspace, file, pure, edges);
    yield* pureGlobals(file, pure);
  }
  if (workspace.path.startsWith('packages/')) yield* unloadablePeers(workspaces, workspace);
}

function isPure(workspace, file) {
  return workspace.path.startsWith('packages/') && !isListed(file.inside, [...edges, ...compositionRoots]);
}
