// library.mjs strategy policy
import { start } from 'evenkeel';

const [strategy, policy] = process.argv.slice(2);
const fleet = await start({ exec: './server.cjs', workers: 2, strategy, policy });
console.log(JSON.stringify({ port: fleet.status().listeners[0].port }));
