import { binding, type GroupPolicy, type SelectorMechanism } from './binding.js';
import { processFacts, whyBpfIsRefused } from './bpf-refusal.js';
import { passesDescriptors } from './link/link.js';
import type { Capabilities } from './strategies/select.js';

const SYSTEM = process.platform === 'win32' ? 'Windows' : process.platform;

/** What this process can do here and now, found out by doing it: no version or uid is believed. What costs
 * milliseconds is found out when somebody asks. */
export function probe(): Capabilities {
  const addon = attempt(() => {
    const { LoadTable, Channel } = binding();
    new LoadTable({ slots: 1 }).close();
    if (passesDescriptors()) new Channel(ignore, ignore).close();
  });
  const reusePort = addon ?? attempt(tryReusePort, whyNoReusePort);
  const selector = (
    mechanism: SelectorMechanism,
    policy: GroupPolicy,
    linux = '',
  ): (() => string | undefined) =>
    once(
      () =>
        addon ??
        reusePort ??
        attempt(
          () => trySelector(mechanism, policy),
          (error) => whyBpfIsRefused(error, linux, processFacts()),
        ),
    );
  // bpf_loop() came with Linux 5.17, and BPF_SK_REUSEPORT_SELECT_OR_MIGRATE with 5.14.
  const ebpf = selector('ebpf', 'least-connections', '5.17');
  const ebpfRoundRobin = selector('ebpf', 'round-robin', '5.14');
  const cbpf = selector('cbpf', 'random');
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    addon,
    reusePort,
    deferAccept: addon ?? attempt(tryDeferAccept, whyNoDeferAccept),
    gate: addon ?? attempt(tryGate),
    wakesOne:
      addon ?? (binding().wakesOne ? undefined : `${SYSTEM} wakes every idle worker for each connection`),
    get ebpf() {
      return ebpf();
    },
    get ebpfRoundRobin() {
      return ebpfRoundRobin();
    },
    get cbpf() {
      return cbpf();
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

function whyNoReusePort({ code, message }: NodeJS.ErrnoException): string {
  if (code !== 'ENOTSUP') return message;
  return `${SYSTEM} has no port sharing that spreads connections (SO_REUSEPORT)`;
}

function tryDeferAccept(): void {
  const socket = new (binding().ListenSocket)({ host: '127.0.0.1', family: 4, port: 0 });
  try {
    socket.deferAccept(true);
  } finally {
    socket.close();
  }
}

function whyNoDeferAccept({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOTSUP' ? `${SYSTEM} cannot wait for a client's first bytes` : message;
}

/** Loads the program and attaches it to a group of two. */
function trySelector(mechanism: SelectorMechanism, policy: GroupPolicy): void {
  const { ListenSocket, LoadTable, Selector } = binding();
  const opened: { close(): void }[] = [];
  const open = <T extends { close(): void }>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const table = open(new LoadTable({ slots: 1, inKernel: mechanism === 'ebpf' }));
    const socket = open(new ListenSocket({ host: '127.0.0.1', family: 4, port: 0 }));
    socket.allowReusePort();
    const second = open(socket.member());
    const selector = open(new Selector(table, policy, mechanism, 1));
    selector.apply([
      { socket, slot: 0, eligible: true, load: 0 },
      { socket: second, slot: 0, eligible: false, load: 0 },
    ]);
  } finally {
    for (const one of opened) one.close();
  }
}

/** EPOLLEXCLUSIVE on this loop's own epoll. */
function tryGate(): void {
  const { Bell, LoadTable, Gatekeeper } = binding();
  const table = new LoadTable({ slots: 1 });
  const bell = new Bell();
  try {
    new Gatekeeper(table, 0, bell.share(), ignore).stop();
  } finally {
    bell.close();
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

function once<T>(find: () => T): () => T {
  let found: [T] | undefined;
  return () => {
    found ??= [find()];
    return found[0];
  };
}

function ignore(): void {}
