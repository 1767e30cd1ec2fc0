import { describe, expect, test } from 'vitest';
import { MECHANISMS } from '../helpers/privileges.ts';
import { eventually, get } from '../helpers/requests.ts';
import { sharing } from '../helpers/reuse-port.ts';

// source-hash by the kernel: an address has its worker.

const CLIENTS = Array.from({ length: 24 }, (_, i) => `127.0.${1 + (i % 3)}.${i + 1}`);

async function workersOf(port: number, clients = CLIENTS): Promise<Map<string, number>> {
  const one = async (client: string): Promise<[string, number]> => {
    const { pid, remoteAddress } = JSON.parse(await get(port, '/', '127.0.0.1', client));
    expect(remoteAddress.endsWith(client)).toBe(true);
    return [client, pid];
  };
  return new Map(await Promise.all(clients.map(one)));
}

describe.each(MECHANISMS)('$name', (privilege) => {
  // An IPv4 listener and a dual-stack one, which sees the same clients as ::ffff:127.0.1.1.
  test.each(['::,::', '0.0.0.0,::'])('%s: the same worker each time, on both ports', async (hosts) => {
    const args = ['--stall-threshold', '1']; // which is not for source-hash
    await using fleet = sharing('two-ports.mjs', 4, 'source-hash', privilege, args, { HOSTS: hosts });
    await fleet.ready();
    const [one, other] = JSON.parse((await fleet.printed(/^ports/)).slice('ports '.length));
    const workers = await workersOf(one);
    expect(new Set(workers.values()).size).toBeGreaterThan(1);
    for (let i = 0; i < 10; i++) {
      expect(await workersOf(i % 2 ? one : other)).toEqual(workers);
      expect(await workersOf(other, ['127.0.0.5'])).toEqual(await workersOf(one, ['127.0.0.5']));
    }
  });

  test('a worker dies: its clients move, and nobody else does', async () => {
    await using fleet = sharing('two-ports.mjs', 3, 'source-hash', privilege);
    await fleet.ready();
    const [one, other] = JSON.parse((await fleet.printed(/^ports/)).slice('ports '.length));
    const before = await workersOf(one);
    const [dead] = before.values() as Iterable<number> as [number];
    process.kill(dead, 'SIGKILL');
    await fleet.logged(({ msg, pid }) => pid === dead && msg.includes('killed by SIGKILL'));
    const others = CLIENTS.filter((client) => before.get(client) !== dead);
    const his = CLIENTS.filter((client) => before.get(client) === dead);
    expect(others.length).toBeGreaterThan(0);
    // Served meanwhile, by whomever; and in the end all by who has its place.
    await eventually(async () => {
      const now = await workersOf(one);
      for (const client of others) expect(now.get(client)).toBe(before.get(client));
      const heirs = new Set(his.map((client) => now.get(client) as number));
      return heirs.size === 1 && ![...before.values()].includes([...heirs][0] as number);
    });
    expect(await workersOf(other)).toEqual(await workersOf(one));
  });
});
