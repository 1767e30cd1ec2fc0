// Shows a run while it goes: on a terminal a table that fills, elsewhere a line for each round.
import readline from 'node:readline';
import { left, picture, status } from './board.mjs';
import { clock } from './estimate.mjs';

const REDRAW = 1000; // ms; more often, and the drawing would be measured

/** @param {import('./board.mjs').Run} run what it shows, whenever update() is called
 * @returns {{update(): void, say(text: string): void, end(): void}} say: what is to stay on the screen */
export function show(run, stream = process.stderr) {
  return stream.isTTY ? onTerminal(run, stream) : inLines(run, stream);
}

function onTerminal(run, stream) {
  let height = 0;
  const erase = () => {
    readline.moveCursor(stream, 0, -height);
    readline.cursorTo(stream, 0);
    readline.clearScreenDown(stream);
    height = 0;
  };
  const draw = () => {
    const lines = picture(run, { columns: stream.columns, rows: stream.rows }, performance.now());
    erase();
    stream.write(`${lines.join('\n')}\n`);
    height = lines.length;
  };
  const timer = setInterval(draw, REDRAW);
  return {
    update() {}, // the next drawing has it
    say(text) {
      erase();
      stream.write(`${text}\n`);
      draw();
    },
    end() {
      clearInterval(timer);
      draw();
    },
  };
}

function inLines(run, stream) {
  let last;
  return {
    update() {
      const stage = run.stages.find(({ state }) => state === 'running');
      if (stage === undefined) return;
      const round = Math.min(...stage.ids.map((id) => stage.measured[id] ?? 0));
      const now = `${stage.name}, round ${round + 1} of ${stage.rounds}`;
      if (now === last || round === stage.rounds) return;
      last = now;
      stream.write(`${now}: about ${clock(left(run, performance.now()))} left\n`);
    },
    say: (text) => stream.write(`${text}\n`),
    end: () => stream.write(`${status(run, performance.now())}\n`),
  };
}
