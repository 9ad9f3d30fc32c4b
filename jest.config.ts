/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const shared: Config = {
  testEnvironment: '<rootDir>/scripts/test-environment.mjs',
  // Tests run on the TypeScript sources: the condition stands first in every package's `exports`.
  testEnvironmentOptions: { customExportConditions: ['revocast-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['/dist/', '/\\.cache/'],
};

const project = (displayName: string, folder: string): Config => ({
  ...shared,
  displayName,
  roots: [`<rootDir>/${folder}`],
  testMatch: ['**/*.test.ts'],
});

const config: Config = {
  // Many tests wait: for a Redis to start, for a failover, for the seconds in which a log heals. With one worker a core, half of
  // the processor time of a small machine would be idle, and with two a quarter. A number, because jest takes "300%" for three
  // hundred workers.
  maxWorkers: Math.max(5, availableParallelism()),
  projects: [
    project('denylist', 'packages/denylist/test'),
    project('middleware', 'packages/middleware/test'),
    project('issuer', 'packages/issuer/test'),
    project('testing', 'packages/testing/test'),
    project('sidecar', 'apps/sidecar/test'),
    project('cli', 'apps/cli/test'),
    project('receiver', 'apps/receiver/test'),
    project('demo', 'apps/demo/test'),
    project('test-support', 'test-support/test'),
    project('chaos', 'chaos/test'),
    project('bench', 'bench/test'),
    project('repository', 'test'),
  ] as NonNullable<Config['projects']>,
  testSequencer: '<rootDir>/scripts/test-sequencer.mjs',
  reporters: ['default', '<rootDir>/scripts/closing-line-reporter.mjs'],
};

export default config;
