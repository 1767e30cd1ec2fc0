import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { EvenkeelError } from '../errors.js';

const LEVELS = [...Object.keys(pino.levels.values), 'silent'];

/** One line a fact on stdout: for people on a terminal, JSON elsewhere. Written at once, so that nothing
 * is lost when the process ends. */
export function makeLog(isTerminal = process.stdout.isTTY === true): Logger {
  const level = process.env.EVENKEEL_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(level)) {
    throw new EvenkeelError(
      'ERR_INVALID_OPTION',
      `EVENKEEL_LOG_LEVEL must be one of ${LEVELS.join(', ')}, not '${level}'`,
    );
  }
  if (!isTerminal)
    return pino({ level, name: 'evenkeel', base: null }, pino.destination({ fd: 1, sync: true }));
  const stream = pretty({
    sync: true,
    colorize: process.env.NO_COLOR === undefined,
    translateTime: 'HH:MM:ss',
    ignore: 'name,pid,hostname',
    hideObject: true,
    customPrettifiers: { level: (_level, _key, _log, { label }) => label.toLowerCase() },
  });
  return pino({ level, name: 'evenkeel', base: null }, stream);
}
