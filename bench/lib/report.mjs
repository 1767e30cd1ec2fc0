// The JSON of a run: `--json` writes it, `--compare` and the page read it.
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './usage-error.mjs';

export const VERSION = 1;

/** Before minutes of measuring, and not after them.
 * @throws UsageError if it could not be written */
export function mustBeWritable(option, file) {
  const target = existsSync(file) ? file : path.dirname(path.resolve(file));
  try {
    accessSync(target, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${option}: cannot write ${file}: ${error.message}`);
  }
}

export function writeReport(file, report) {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** @throws UsageError if it is none, or one of another form */
export function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error.message}`);
  }
  if (report?.version === VERSION && report.scenarios && report.machine && report.options) return report;
  throw new UsageError(
    `${file} is no report of version ${VERSION} (it says ${report?.version}); make one with npm run bench -- --json ${file}`,
  );
}
