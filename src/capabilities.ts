import { binding, type GroupPolicy, type SelectorMechanism } from './binding.js';
import { processFacts, whyBpfIsRefused } from './bpf-refusal.js';
import type { Capabilities } from './strategies/select.js';

/** What this process can do here and now, found out by doing it: no version or uid is believed. What costs
 * milliseconds is found out when somebody asks. */
export function probe(): Capabilities {
  let ebpf: [string | undefined] | undefined;
  let cbpf: [string | undefined] | undefined;
  const addon = attempt(() => {
    const { LoadTable, Channel } = binding();
    new LoadTable({ slots: 1 }).close();
    new Channel(ignore, ignore).close();
  });
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    addon,
    reusePort: addon ?? attempt(tryReusePort),
    gate: addon ?? attempt(tryGate),
    get ebpf() {
      ebpf ??= [addon ?? attempt(() => trySelector('ebpf', 'least-connections'), explainRefusal)];
      return ebpf[0];
    },
    get cbpf() {
      cbpf ??= [addon ?? attempt(() => trySelector('cbpf', 'random'))];
      return cbpf[0];
    },
  };
}

function tryReusePort(): void {
  const socket = new (binding().ListenSocket)({ host: '127.0.0.1', family: 4, port: 0 });
  try {
    socket.allowReusePort();
    socket.member().close();
  } finally {
    socket.close();
  }
}

/** Loads the program and attaches it to a group of two. */
function trySelector(mechanism: SelectorMechanism, policy: GroupPolicy): void {
  const { ListenSocket, LoadTable, Selector } = binding();
  const table = new LoadTable({ slots: 1, inKernel: mechanism === 'ebpf' });
  const socket = new ListenSocket({ host: '127.0.0.1', family: 4, port: 0 });
  try {
    socket.allowReusePort();
    const second = socket.member();
    const selector = new Selector(table, policy, mechanism, 1);
    selector.apply([
      { socket, slot: 0, eligible: true, load: 0 },
      { socket: second, slot: 0, eligible: false, load: 0 },
    ]);
    selector.close();
    second.close();
  } finally {
    socket.close();
    table.close();
  }
}

/** EPOLLEXCLUSIVE on this loop's own epoll. */
function tryGate(): void {
  const { LoadTable, Gatekeeper, newBell } = binding();
  const table = new LoadTable({ slots: 1 });
  try {
    new Gatekeeper(table, 0, newBell(), ignore).stop();
  } finally {
    table.close();
  }
}

function attempt(
  action: () => void,
  describe = (error: NodeJS.ErrnoException) => error.message,
): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return describe(error as NodeJS.ErrnoException);
  }
}

function explainRefusal(error: NodeJS.ErrnoException): string {
  return whyBpfIsRefused(error, processFacts());
}

function ignore(): void {}
