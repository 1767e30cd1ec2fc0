import { ownRuntimeDirectory } from './runtime-directory.ts';

// Before each file's tests: fleets of one name in two files do not see each other.
process.env.XDG_RUNTIME_DIR = ownRuntimeDirectory();
