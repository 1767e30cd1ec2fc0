import { isIP } from 'node:net';
import { EvenkeelError } from '../errors.js';

/** Where something is served beside the workers. */
export interface TcpAddress {
  host: string;
  /** 0: the kernel chooses. */
  port: number;
}

const LOOPBACK = '127.0.0.1';

/** A port, `host:port`, `[::1]:port`, or the two apart, as the option `name`. The host is 127.0.0.1 where none is said.
 * @throws EvenkeelError ERR_INVALID_OPTION */
export function parseTcpAddress(
  name: string,
  value: string | number | { port: number; host?: string },
): TcpAddress {
  if (typeof value !== 'string') {
    const { host = LOOPBACK, port } = typeof value === 'number' ? { port: value } : (value ?? {});
    if (isPort(port) && isHost(host)) return { host, port };
    throw refusal(name, JSON.stringify(value));
  }
  const [, bracketed, plain, digits] = /^(?:(?:\[(.+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain ?? LOOPBACK;
  const isWellFormed = bracketed === undefined || isIP(bracketed) === 6;
  if (digits !== undefined && isPort(Number(digits)) && isWellFormed) return { host, port: Number(digits) };
  throw refusal(name, `'${value}'`);
}

/** As part of a URL. */
export function authorityOf({
  address,
  family,
  port,
}: {
  address: string;
  family: string;
  port: number;
}): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function isPort(port: unknown): port is number {
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535;
}

function isHost(host: unknown): host is string {
  return typeof host === 'string' && host !== '';
}

function refusal(name: string, value: string): EvenkeelError {
  return new EvenkeelError(
    'ERR_INVALID_OPTION',
    `${name} must be a port from 0 to 65535, [host:]port, or {port, host}, not ${value}`,
  );
}
