import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Fleet, fixture } from '../helpers/fleet.ts';
import { Haproxy } from '../helpers/haproxy.ts';
import { keepAlive, NOTHING_LOST, newConnections, posts } from '../helpers/load.ts';
import { Machines, whyNoHaproxy } from '../helpers/machines.ts';
import { eventually } from '../helpers/requests.ts';

const missing = whyNoHaproxy();
if (missing !== undefined) console.warn(`SKIPPED: fleets behind haproxy (${missing})`);

/** examples/haproxy.cfg on a machine, and a fleet of two workers on each of three others. */
class Site implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-haproxy-'));
  readonly #machines = new Machines(4);
  readonly #fleets: Fleet[] = [];
  #haproxy: Haproxy | undefined;

  static async start(): Promise<Site> {
    const site = new Site();
    try {
      for (const machine of [1, 2, 3]) site.begin(machine);
      site.#haproxy = new Haproxy(site.#folder, site.#machines.on(0));
      await Promise.all(site.#fleets.map((fleet) => fleet.ready()));
      await site.haproxy.ready();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  get haproxy(): Haproxy {
    if (this.#haproxy === undefined) throw new Error('it has not been started');
    return this.#haproxy;
  }

  /** A fleet on a machine, from 1. */
  begin(machine: number): Fleet {
    const where = `10.0.0.${10 + machine}`;
    const beside = ['--metrics', `${where}:9464`, '--agent-check', `${where}:9465`];
    const args = ['-w', '2', ...beside, '--pre-stop-delay', '3000', fixture('burns-cpu.mjs')];
    const before = this.#machines.on(
      machine,
      path.join(this.#folder, `stat${machine}-${this.#fleets.length}`),
    );
    const env = { PORT: '8080', FLEET: `fleet${machine}` };
    const fleet = new Fleet([...args, '--', this.#flag(machine)], env, [], '', before);
    this.#fleets.push(fleet);
    return fleet;
  }

  fleet(machine: number): Fleet {
    return this.#fleets[machine - 1] as Fleet;
  }

  /** The workers of that fleet have no time left from now on. */
  overload(machine: number): void {
    writeFileSync(this.#flag(machine), '');
  }

  /** How often each fleet was chosen while so many more requests were served. */
  async shares(requests: number): Promise<[number, number, number]> {
    const before = await this.haproxy.servers();
    let shares: number[] = [];
    await eventually(async () => {
      const now = await this.haproxy.servers();
      shares = [...now].map(([name, { chosen }]) => chosen - (before.get(name)?.chosen ?? 0));
      return shares.reduce((sum, one) => sum + one, 0) >= requests;
    });
    return shares as [number, number, number];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#haproxy?.[Symbol.asyncDispose]();
    for (const fleet of this.#fleets) await fleet[Symbol.asyncDispose]();
    this.#machines[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }

  #flag(machine: number): string {
    return path.join(this.#folder, `busy${machine}`);
  }
}

test.skipIf(missing !== undefined)(
  'a fleet that is stopped is drained by haproxy first: no request is lost, and its next one is taken in again',
  async () => {
    await using site = await Site.start();
    const { haproxy } = site;
    const loads = [newConnections(haproxy.front, 50), keepAlive(haproxy.front, 3), posts(haproxy.front, 3)];
    await site.shares(150);
    const stopping = site.fleet(1).stop();
    await eventually(async () => (await haproxy.server('fleet1')).status.startsWith('DRAIN'));
    const [drained] = await site.shares(100);
    expect(drained).toBe(0);
    expect(await stopping).toEqual({ code: 0, signal: null });
    const next = site.begin(1);
    await next.ready();
    await eventually(async () => (await haproxy.server('fleet1')).status === 'UP');
    await eventually(async () => (await site.shares(30))[0] > 0);
    for (const load of loads) expect(await load.stop()).toMatchObject(NOTHING_LOST);
  },
  60_000,
);

test.skipIf(missing !== undefined)(
  'a machine whose primary is killed: what may be repeated is not lost, and of the rest only what was inside',
  async () => {
    await using site = await Site.start();
    const { haproxy } = site;
    const loads = [newConnections(haproxy.front, 50), keepAlive(haproxy.front, 3)];
    const uploads = posts(haproxy.front, 3);
    await site.shares(150);
    site.fleet(2).process.kill('SIGKILL');
    await eventually(async () => (await haproxy.server('fleet2')).status.startsWith('DOWN'));
    const [first, dead, third] = await site.shares(100);
    expect(dead).toBe(0);
    expect(Math.min(first, third)).toBeGreaterThan(0);
    for (const load of loads) expect(await load.stop()).toMatchObject(NOTHING_LOST);
    const { ok, ...lost } = await uploads.stop();
    // One for each of 3 connections, and that at the end of either worker.
    expect(Object.values(lost).reduce((sum, one) => sum + one)).toBeLessThanOrEqual(6);
    expect(ok).toBeGreaterThan(20);
  },
  60_000,
);

test.skipIf(missing !== undefined)(
  'a fleet without time gets fewer connections than the others, and no request is lost',
  async () => {
    await using site = await Site.start();
    const { haproxy } = site;
    const load = newConnections(haproxy.front, 60);
    expect(Math.min(...(await site.shares(100)))).toBeGreaterThan(0);
    site.overload(3);
    await eventually(async () => {
      const [first, second, third] = [...(await haproxy.servers()).values()].map(({ weight }) => weight);
      return (third as number) < 0.5 * Math.min(first as number, second as number);
    }, 20_000);
    const [first, second, busy] = await site.shares(150);
    expect(busy).toBeLessThan(0.7 * Math.min(first, second));
    expect(busy).toBeGreaterThan(0);
    expect(await load.stop()).toMatchObject(NOTHING_LOST);
  },
  60_000,
);
