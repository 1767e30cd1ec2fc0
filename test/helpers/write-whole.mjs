import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file that processes read meanwhile: each sees what it was, or what it is. */
export function writeWhole(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
