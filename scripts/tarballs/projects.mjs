// The kinds of projects: how each is set up, what it installs, and how it is compiled and started.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { binOf, root } from '../run.mjs';
import { asFunction, asModule } from './snippets.mjs';

const require = createRequire(join(root, 'package.json'));
const { devDependencies } = require('./package.json');

const strict = {
  strict: true,
  esModuleInterop: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  target: 'es2022',
  types: ['node'],
};
const types = { '@types/node': devDependencies['@types/node'] };
const express5 = { express: devDependencies.express, '@types/express': devDependencies['@types/express'] };
const express4 = { express: '4', '@types/express': '4' };

/**
 * `write` creates the files; `steps` are the scripts to run, as `[script, ...args]`, each of which must succeed.
 */
export const projects = [
  {
    title: 'only the packages',
    type: 'module',
    installs: {},
    write: (folder, { entries }) => {
      writeFileSync(join(folder, 'import.mjs'), entries.map((name) => `await import('${name}');`).join('\n'));
      writeFileSync(join(folder, 'require.cjs'), entries.map((name) => `require('${name}');`).join('\n'));
    },
    steps: (folder) => [[join(folder, 'import.mjs')], [join(folder, 'require.cjs')]],
  },
  {
    title: 'ES modules, TypeScript 7',
    type: 'module',
    installs: { typescript: devDependencies.typescript, ...types, ...express5 },
    sidecar: true,
    write: (folder, { entries, snippets }) => {
      writeProgram(folder, { module: 'nodenext', moduleResolution: 'nodenext' }, entries);
      for (const snippet of snippets) writeFileSync(join(folder, 'src', `${snippet.name}.ts`), asModule(snippet));
      const start = snippets.map(({ at, name }) => `await runSnippet('${at}', () => import('./out/${name}.js'));`);
      const imports = "import { runSnippet } from './harness.cjs';\nimport { main } from './out/program.js';\n";
      writeFileSync(join(folder, 'start.mjs'), `${imports}await main();\n${start.join('\n')}\nprocess.exit(0);\n`);
    },
    steps: (folder) => [
      [binOf('typescript', 'tsc', folder)],
      [join(folder, 'start.mjs')],
      [binOf('@revocast/sidecar', 'revocast-sidecar', folder), '--source', 'memory:', '--print-config'],
      [binOf('@revocast/receiver', 'revocast-receiver', folder), 'config', 'schema'],
      [join(root, 'scripts/tarballs/probe-sidecar.mjs'), binOf('@revocast/sidecar', 'revocast-sidecar', folder)],
    ],
  },
  commonJs('CommonJS, TypeScript 5.4, node10', { module: 'commonjs', moduleResolution: 'node10' }, express4),
  commonJs('CommonJS, TypeScript 5.4, node16', { module: 'node16', moduleResolution: 'node16' }, express5),
  {
    title: 'a CommonJS jest suite without flags',
    type: 'commonjs',
    installs: { jest: devDependencies.jest, express: devDependencies.express },
    write: (folder, { snippets }) => {
      const compile = (code) => compileTo('cjs', code);
      writeFileSync(join(folder, 'program.js'), compile(programText()));
      writeFileSync(join(folder, 'kit.js'), compile(kitText()));
      const names = snippets.map((snippet) => {
        writeFileSync(join(folder, `${snippet.name}.js`), compile(asFunction(snippet)));
        return `it('${snippet.at}', () => runSnippet('${snippet.at}', () => require('./${snippet.name}.js').snippet()));`;
      });
      const head =
        "const { runSnippet } = require('./harness.cjs');\nit('program', () => require('./program.js').main());\nit('kit', () => require('./kit.js').useKit());";
      writeFileSync(join(folder, 'packages.test.js'), [head, ...names].join('\n'));
    },
    // A snippet that awaits `enforcedEverywhere()` alone waits for its default of 5 s, because no process has joined.
    steps: (folder) => [[binOf('jest', 'jest', folder), '--ci', '--forceExit', '--testTimeout=30000']],
  },
  testRunner(
    'an ES module jest suite',
    { jest: devDependencies.jest },
    {
      head: '',
      steps: (folder) => [['--experimental-vm-modules', binOf('jest', 'jest', folder), '--ci', '--testTimeout=30000']],
    },
  ),
  testRunner(
    'a vitest suite',
    { vitest: '4' },
    {
      head: "import { it } from 'vitest';",
      steps: (folder) => [[binOf('vitest', 'vitest', folder), 'run', '--testTimeout=30000']],
    },
  ),
  testRunner(
    'a suite of node --test',
    {},
    {
      head: "import { it } from 'node:test';",
      steps: (folder) => [['--test', join(folder, 'kit.test.js')]],
    },
  ),
];

/** Runs the program with the test kit. Each runner ends by itself: the kit leaves nothing open. */
function testRunner(title, installs, { head, steps }) {
  return {
    title,
    type: 'module',
    installs: { ...installs, express: devDependencies.express },
    write: (folder) => {
      writeFileSync(join(folder, 'kit.js'), compileTo('esm', kitText()));
      const test = `${head}\nimport { useKit } from './kit.js';\nit('the test kit', useKit);\n`;
      writeFileSync(join(folder, 'kit.test.js'), test);
    },
    steps,
  };
}

function compileTo(format, code) {
  return transformSync(code, { loader: 'ts', format, target: 'node20' }).code;
}

function commonJs(title, options, express) {
  return {
    title,
    type: 'commonjs',
    installs: { typescript: '5.4', ...types, ...express },
    write: (folder, { entries, snippets }) => {
      writeProgram(folder, options, entries);
      for (const snippet of snippets) writeFileSync(join(folder, 'src', `${snippet.name}.ts`), asFunction(snippet));
      const start = snippets.map(
        ({ at, name }) => `  await runSnippet('${at}', () => require('./out/${name}.js').snippet());`,
      );
      const head = "const { runSnippet } = require('./harness.cjs');\nconst { main } = require('./out/program.js');";
      const run = ['(async () => {', '  await main();', ...start, '  process.exit(0);', '})();'];
      writeFileSync(join(folder, 'start.js'), [head, ...run].join('\n'));
    },
    steps: (folder) => [[binOf('typescript', 'tsc', folder)], [join(folder, 'start.js')]],
  };
}

function writeProgram(folder, options, entries) {
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src', 'program.ts'), programText());
  writeFileSync(join(folder, 'src', 'kit.ts'), kitText());
  // The types of each entry, without the optional peers.
  const imports = entries.map((name, index) => `import type * as entry${index} from '${name}';`);
  const used = entries.map((_name, index) => `typeof entry${index}`).join(', ');
  writeFileSync(join(folder, 'src', 'entries.ts'), `${imports.join('\n')}\nexport type Entries = [${used}];\n`);
  const compilerOptions = { ...strict, ...options, rootDir: 'src', outDir: 'out' };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
}

function kitText() {
  return readFileSync(join(root, 'scripts', 'tarballs', 'kit.ts'), 'utf8');
}

function programText() {
  return readFileSync(join(root, 'scripts', 'tarballs', 'program.ts'), 'utf8');
}
