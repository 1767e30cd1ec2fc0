import { parseMilliseconds } from '../options.js';
import {
  parseBytes,
  parseDuration,
  parseScaleRange,
  parseWhole,
  type SupervisionOptions,
} from '../supervision-options.js';

export interface SupervisionFlags {
  maxMemory?: string;
  maxAge?: string;
  maxServed?: string;
  unresponsiveTimeout?: string;
  scale?: string;
}

/** Of the flags that were given.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function supervisionOptions(flags: SupervisionFlags): SupervisionOptions {
  const { maxMemory, maxAge, maxServed, unresponsiveTimeout, scale } = flags;
  const options: SupervisionOptions = {};
  if (maxMemory !== undefined) options.maxMemory = parseBytes('maxMemory', maxMemory);
  if (maxAge !== undefined) options.maxAge = parseDuration('maxAge', maxAge);
  if (maxServed !== undefined) options.maxServed = parseWhole('maxServed', maxServed);
  if (unresponsiveTimeout !== undefined)
    options.unresponsiveTimeout = parseMilliseconds('unresponsiveTimeout', unresponsiveTimeout);
  if (scale !== undefined) options.scale = parseScaleRange(scale);
  return options;
}
