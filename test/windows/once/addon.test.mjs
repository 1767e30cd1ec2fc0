import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ADDON = `${root}build-windows/Release/evenkeel.node`;

/** What every Windows has. Node's and libuv's functions are not among them: they are imported late. */
const SYSTEM = [
  'kernel32.dll',
  'msvcrt.dll',
  'ws2_32.dll',
  'mswsock.dll',
  'advapi32.dll',
  'bcrypt.dll',
  'iphlpapi.dll',
];

test('the addon needs no DLL but those of the system', () => {
  const headers = execFileSync('x86_64-w64-mingw32-objdump', ['-p', ADDON], { encoding: 'utf8' });
  const names = [...headers.matchAll(/DLL Name: (.+)/g)].map(([, name]) => name.toLowerCase());
  assert.ok(names.includes('kernel32.dll'), headers);
  assert.deepEqual(
    names.filter((name) => !SYSTEM.includes(name)),
    [],
  );
});

test('nothing in it says where or when it was built', () => {
  const bytes = readFileSync(ADDON);
  assert.equal(bytes.includes(root), false);
  const stampAt = bytes.readUInt32LE(0x3c) + 8; // of the COFF header
  assert.equal(bytes.readUInt32LE(stampAt), 0);
});
