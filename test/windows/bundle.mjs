// Bundles tests that are written for vitest and TypeScript so that any node.exe runs them: into
// build-windows/tests, on Node's own runner. What is in dist/ they load from there, as always.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

/** Those that are also run on Windows. */
const TESTS = [
  'cpus',
  'messages',
  'options',
  'native/acceptor',
  'native/dispatcher',
  'native/lanes',
  'native/listen-socket',
  'native/load-table',
  'native/loop-stamp',
  'native/recall',
  'primary/backoff',
  'primary/trouble',
  'strategies/contract',
  'strategies/select',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const tests = path.join(root, 'test');
const out = path.join(root, 'build-windows/tests');

/** Helpers that the tests use which are written for Node's runner. */
const HELPERS = ['exposition', 'keys', 'load'];

/** A path from the bundles' folder to a file, for an import. */
const fromOut = (file) => path.relative(out, file).replaceAll(path.sep, '/');

const plugin = {
  name: 'evenkeel-tests',
  resolveId(specifier, importer) {
    if (!specifier.includes('/dist/') || importer === undefined) return null;
    return { id: fromOut(path.resolve(path.dirname(importer), specifier)), external: true };
  },
  /** The tests and helpers look for files beside their sources. */
  transform(code, id) {
    if (!id.startsWith(`${tests}${path.sep}`)) return null;
    const source = `new URL(${JSON.stringify(fromOut(id))}, import.meta.url).href`;
    return { code: code.replaceAll('import.meta.url', `(${source})`), map: null };
  },
};

await build({
  input: Object.fromEntries([
    ...TESTS.map((name) => [`${name.replaceAll('/', '-')}.test`, path.join(tests, `${name}.test.ts`)]),
    ...HELPERS.map((name) => [name, path.join(tests, 'helpers', `${name}.ts`)]),
  ]),
  platform: 'node',
  resolve: { alias: { vitest: path.join(tests, 'windows/vitest.ts') } },
  transform: { define: { __dirname: 'import.meta.dirname' } }, // of packages that are CommonJS
  plugins: [plugin],
  logLevel: 'warn',
  output: {
    dir: out,
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'shared-[name].mjs',
    sourcemap: true,
  },
});
