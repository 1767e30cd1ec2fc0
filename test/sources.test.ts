import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

/** MinGW's only: CMakeLists.txt, which takes what is in the folders, adds it. */
const NOT_FOR_GYP = 'native/win/delay_hook.cc';

test('binding.gyp lists every source once', () => {
  const gyp = readFileSync(new URL('binding.gyp', root), 'utf8');
  const listed = [...gyp.matchAll(/"(native\/[^"]+\.cc)"/g)].map(([, file]) => file);
  const files = readdirSync(new URL('native/', root), { recursive: true, encoding: 'utf8' })
    .map((file) => `native/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.cc') && file !== NOT_FOR_GYP);
  expect(listed.sort()).toEqual(files.sort());
});
