// The library face: node examples/library.js. In your own project: import { start } from 'evenkeel'.
import { fileURLToPath } from 'node:url';
import { start } from '../dist/index.js';

const exec = fileURLToPath(new URL('./http-server.js', import.meta.url));
const fleet = await start({ exec, workers: 2 }); // `await using fleet = …` where the syntax is known

const { strategy, policy, listeners, workers } = fleet.status();
console.log(`${workers.length} workers by ${strategy}, ${policy}, on port ${listeners[0].port}`);

fleet.on('worker', ({ id, pid, state }) => console.log(`worker ${id} (pid ${pid}): ${state}`));
fleet.on('stop', () => console.log('every process has ended'));
