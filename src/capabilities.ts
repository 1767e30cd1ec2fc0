import { binding } from './binding.js';
import type { Capabilities } from './strategies/select.js';

/** What this process can do here and now, found out by doing it: no version or uid is believed. */
export function probe(): Capabilities {
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

function attempt(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function ignore(): void {}
