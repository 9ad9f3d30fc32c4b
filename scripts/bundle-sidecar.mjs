// Writes the program of the sidecar with everything that it needs into one file.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { root } from './run.mjs';
import { writeChanged } from './write-changed.mjs';
import { writeLicences } from './write-licences.mjs';

/**
 * CommonJS: `import` of `node:http` reads each of its exports, and so loads the client of `fetch`, which costs 14 MB and 35 ms.
 * `require` reads none.
 */
const options = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  conditions: ['revocast-source'],
  // `ws` looks for two native packages, which an installation may hold by chance.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  supported: {
    // It would load the loader of ES modules.
    'dynamic-import': false,
    // The text of a template is not escaped, and one character outside of Latin-1 doubles the memory of the whole text.
    'template-literal': false,
  },
  legalComments: 'none',
  // The text stays in memory. Names are kept, and the map shows lines to `node --enable-source-maps`.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
};

/** Modules of Node that some dependency imports, and that most sidecars never use. */
const rarelyUsed = /^(node:)?(child_process|cluster|dns|http2|https|perf_hooks|readline|tls|worker_threads|zlib)$/;

const loadWhenUsed = {
  name: 'load rarely used modules of Node when they are used',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: rarelyUsed }, ({ path, kind, namespace }) => {
      if (namespace === 'rarely-used') return { path, external: true };
      // An `import` of a source file reads the exports as soon as it is evaluated.
      return kind === 'require-call' ? { path, namespace: 'rarely-used' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'rarely-used' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_target, name) => require('${path}')[name] });`,
    }));
  },
};

/** Each source file sees the URL that it has in `dist`, so that it finds the files beside it. */
const keepUrls = (sources) => ({
  name: 'keep the URLs of source files',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const place = JSON.stringify(relative(sources, path).split(sep).join('/'));
      const url = `new URL(${place}, require('node:url').pathToFileURL(__filename)).href`;
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
});

/** Bundles the program of the sidecar. @param outfile the bundle; it reads the files of the folder `console/page` beside it. */
export async function bundleSidecar({
  repository = root,
  outfile = join(repository, 'apps/sidecar/dist/main.cjs'),
} = {}) {
  const folder = join(repository, 'apps/sidecar');
  const { metafile, outputFiles } = await build({
    ...options,
    write: false,
    entryPoints: [join(folder, 'src/main.ts')],
    outfile,
    plugins: [loadWhenUsed, keepUrls(join(folder, 'src'))],
    absWorkingDir: folder,
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
  writeLicences({ folder, metafile, bundle: outfile });
}

/** Must be called after each compilation of the sidecar: copies the style sheet, which the compiler does not write. */
export async function completeSidecar(repository = root) {
  const page = 'console/page/page.css';
  writeChanged(join(repository, 'apps/sidecar/dist', page), readFileSync(join(repository, 'apps/sidecar/src', page)));
  await bundleSidecar({ repository });
}
