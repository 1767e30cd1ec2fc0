// What a run is doing, for whoever shows it. Scenarios say it by the ways of rounds.mjs.
import { EventEmitter } from 'node:events';

/** Events:
 *  'doing'    {text}: what takes its time now
 *  'measured' {id, round, figures}: one contestant's round is done */
export const progress = new EventEmitter();

export const doing = (text) => progress.emit('doing', { text });

/** One line that is overwritten; nothing where stderr is no terminal. */
export function showLine(stream = process.stderr) {
  if (!stream.isTTY) return () => {};
  const show = ({ text }) => stream.write(`\r\x1b[K${text}`);
  progress.on('doing', show);
  return () => {
    progress.off('doing', show);
    stream.write('\r\x1b[K');
  };
}
