import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Binding } from './binding.js';
import { EvenkeelError } from './errors.js';

/** Loads the addon installed here: compiled, else prebuilt; EVENKEEL_ADDON names another file.
 * @throws EvenkeelError ERR_ADDON_UNAVAILABLE: there is none for this machine, or it needs newer libraries, or
 *   it is one that says why it can do nothing here. */
export function loadAddon(): Binding {
  const require = createRequire(import.meta.url);
  const root = fileURLToPath(new URL('..', import.meta.url));
  const other = process.env.EVENKEEL_ADDON;
  let exports: Binding | { unsupported: string };
  try {
    exports = other === undefined ? require('node-gyp-build')(root) : require(other);
  } catch (cause) {
    const why = (cause as Error).message.split('\n')[0];
    throw new EvenkeelError(
      'ERR_ADDON_UNAVAILABLE',
      `cannot load the native addon for ${machine()}: ${why}. ${other === undefined ? REMEDY : 'EVENKEEL_ADDON names that file.'}`,
      { cause },
    );
  }
  if ('unsupported' in exports) throw new EvenkeelError('ERR_ADDON_UNAVAILABLE', exports.unsupported);
  return exports;
}

const COMPILER =
  process.platform === 'win32'
    ? "Visual Studio's build tools (Desktop development with C++) and Python 3"
    : 'a C++17 compiler, make and python3';
const REMEDY = `To compile it, install ${COMPILER}, then: npm rebuild evenkeel --build-from-source --foreground-scripts`;

/** As prebuilt binaries are named, with what this one may be too new for: linux-x64-glibc 2.36, linux-x64-musl. */
function machine(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const report: { excludeNetwork?: boolean } & NodeJS.ProcessReport = process.report;
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // else it asks name servers for the names of peers, and waits for them
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (before !== undefined) report.excludeNetwork = before;
  const { glibcVersionRuntime: glibc } = header;
  return glibc === undefined ? `${name}-musl` : `${name}-glibc ${glibc}`;
}
