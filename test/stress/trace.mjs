/** What the workers wrote down, see fixtures/stress/server.mjs: `taken`, `{at, pid, port, inode}` each in order
 * of time; `blocks`, `{pid, from, to}`, where `to` is undefined if the worker was killed first; `own`, by pid
 * the inodes of a worker's sockets before it had any connection. */
export function parseTrace(text) {
  const taken = [];
  const blocks = [];
  const own = {};
  const open = new Map();
  for (const line of text.split('\n')) {
    const [kind, time, id, ...rest] = line.split(' ');
    const at = Number(time);
    const pid = Number(id);
    if (kind === 'A') {
      taken.push({ at, pid, port: Number(rest[0]), inode: Number(rest[1]) });
    } else if (kind === 'B') {
      const block = { pid, from: at, to: undefined };
      blocks.push(block);
      open.set(pid, block);
    } else if (kind === 'E') {
      open.get(pid).to = at;
    } else if (kind === 'L') {
      own[pid] = rest[0].split(',').map(Number);
    }
  }
  taken.sort((a, b) => a.at - b.at);
  return { taken, blocks, own };
}
