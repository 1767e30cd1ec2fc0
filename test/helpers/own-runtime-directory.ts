import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

// Each file's fleets have their control sockets in a place of its own: two of one name in two files do not
// see each other. Whoever they run as may write there, as in /tmp.
const folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
chmodSync(folder, 0o1777);
process.env.XDG_RUNTIME_DIR = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
