import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A new XDG_RUNTIME_DIR within the one that is, where no other fleet's control socket is, so that none has its name.
 * Whoever a fleet runs as may write there, as in /tmp. */
export function ownRuntimeDirectory(): string {
  const folder = mkdtempSync(path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), 'ek-'));
  chmodSync(folder, 0o1777);
  return folder;
}

/** Before all tests: what they make is in one folder. Vitest calls what this returns after all of them. */
export default function setUp(): () => void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  chmodSync(folder, 0o1777);
  process.env.XDG_RUNTIME_DIR = folder; // the tests' processes inherit it
  return () => rmSync(folder, { recursive: true, force: true });
}
