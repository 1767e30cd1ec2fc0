// What a SYN costs in the kernel for the choice of a member, in ns: the time that the kernel itself measures
// while kernel.bpf_stats_enabled is set. Connections come one at a time, and in between every queue is looked
// at, so caches are cold: the more members, the colder. Wants root.
//
// node bench/selector-cost.mjs
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { binding } from '../dist/binding.js';
import { table } from './lib/table.mjs';

const POLICIES = ['round-robin', 'least-connections'];
const MEMBERS = [4, 64, 256];
const WARM_UP = 500;
const CONNECTIONS = 2000;
const ROUNDS = 3;
const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';
const { ListenSocket, LoadTable, Selector, closeFd, layout } = binding();

/** Time and number of the runs of the one program this process has loaded; see fdinfo in proc(5). */
function runs() {
  const infos = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes('bpf-prog')) return [];
      return [readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')];
    } catch {
      return []; // the one that read the folder
    }
  });
  return ['run_time_ns', 'run_cnt'].map((name) =>
    Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(infos[0])[1]),
  );
}

/** A connection comes and goes, as its worker's counters say, too. */
async function connection(sockets, words) {
  const client = net.connect(sockets[0].address());
  await once(client, 'connect');
  for (let fd = -1; fd < 0; ) {
    const index = sockets.findIndex((socket) => {
      fd = socket.accept();
      return fd >= 0;
    });
    if (fd < 0) continue;
    words[(layout.headerSize + index * layout.slotSize + layout.closed) / 4]++;
    closeFd(fd);
  }
  client.resetAndDestroy();
}

async function cost(policy, count) {
  const loads = new LoadTable({ slots: count, inKernel: true });
  const words = new Uint32Array(loads.buffer());
  const selector = new Selector(loads, policy, 'ebpf', 0);
  const first = new ListenSocket({ host: '127.0.0.1', family: 4, port: 0 });
  first.allowReusePort();
  const sockets = [first, ...Array.from({ length: count - 1 }, () => first.member())];
  try {
    selector.apply(sockets.map((socket, slot) => ({ socket, slot, eligible: true, load: 0 })));
    for (let i = 0; i < WARM_UP; i++) await connection(sockets, words);
    const before = runs();
    for (let i = 0; i < CONNECTIONS; i++) await connection(sockets, words);
    const [time, times] = runs().map((value, i) => value - before[i]);
    return time / times;
  } finally {
    for (const socket of sockets) socket.close();
    selector.close();
    loads.close();
  }
}

const before = readFileSync(STATISTICS, 'utf8');
writeFileSync(STATISTICS, '1');
try {
  const rows = [];
  for (const policy of POLICIES) {
    const row = [policy];
    for (const count of MEMBERS) {
      const costs = [];
      for (let i = 0; i < ROUNDS; i++) costs.push(await cost(policy, count));
      row.push(costs.sort((a, b) => a - b)[1].toFixed(0));
    }
    rows.push(row);
  }
  console.log(table(['ns a SYN', ...MEMBERS.map((count) => `${count} members`)], rows));
} finally {
  writeFileSync(STATISTICS, before);
}
