import http from 'node:http';
import { eventually } from './requests.ts';

/** What became of the requests, each failure by its kind. */
export interface Tally {
  ok: number;
  refused: number;
  reset: number;
  /** The connection was closed without an answer. */
  empty: number;
  /** No answer within the time limit. */
  hung: number;
  other: number;
}

export interface Load {
  readonly tally: Tally;
  /** Ends the load; resolves when every request has its fate. */
  stop(): Promise<Tally>;
}

const HUNG_AFTER = 10_000;

/** A port, or a Unix socket's path. */
type Target = number | string;

const toward = (target: Target, host: string): http.RequestOptions =>
  typeof target === 'number' ? { port: target, host } : { socketPath: target };

/** Open loop: `rate` requests a second, each on a connection of its own, whatever became of those before. */
export function newConnections(target: Target, rate: number, host = '127.0.0.1'): Load {
  const tally = emptyTally();
  const open = new Set<Promise<void>>();
  const begun = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * rate;
    for (; sent < due; sent++) {
      const done = ask({ ...toward(target, host), agent: false }).then((fate) => {
        tally[fate]++;
        open.delete(done);
      });
      open.add(done);
    }
  }, 2);
  return {
    tally,
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return tally;
    },
  };
}

/** Closed loop: `connections` keep-alive connections, each asking again as soon as it has its answer. A
 * connection the server ends with `Connection: close` is opened again. */
export function keepAlive(target: Target, connections: number, host = '127.0.0.1'): Load {
  return closedLoop(connections, (agent) => ask({ ...toward(target, host), agent }));
}

/** The same with a body in each request, which a client must not send twice. */
export function posts(target: Target, connections: number, host = '127.0.0.1'): Load {
  return closedLoop(connections, (agent) =>
    ask({ ...toward(target, host), agent, method: 'POST' }, Buffer.alloc(10_000)),
  );
}

/** Every kind of load at once, once each of them is under way; `stop` resolves with what became of it all. */
export async function everyKind(port: number): Promise<{ stop(): Promise<Tally> }> {
  const loads = [newConnections(port, 200), keepAlive(port, 10), posts(port, 10)];
  await eventually(() => loads.every(({ tally }) => tally.ok >= 50));
  return {
    async stop() {
      const sum = emptyTally();
      for (const tally of await Promise.all(loads.map((load) => load.stop()))) {
        for (const kind of Object.keys(sum) as (keyof Tally)[]) sum[kind] += tally[kind];
      }
      return sum;
    },
  };
}

/** What a Tally is to match. */
export const NOTHING_LOST = { refused: 0, reset: 0, empty: 0, hung: 0, other: 0 };

function closedLoop(connections: number, send: (agent: http.Agent) => Promise<keyof Tally>): Load {
  const tally = emptyTally();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const agents = Array.from({ length: connections }, () => new http.Agent(agent.options));
  let isStopped = false;
  const loops = agents.map(async (own) => {
    while (!isStopped) {
      const fate = await send(own);
      tally[fate]++;
      if (fate === 'refused') break; // nobody listens any more
    }
    own.destroy();
  });
  return {
    tally,
    async stop() {
      isStopped = true;
      await Promise.all(loops);
      return tally;
    },
  };
}

function emptyTally(): Tally {
  return { ok: 0, refused: 0, reset: 0, empty: 0, hung: 0, other: 0 };
}

function ask(options: http.RequestOptions, body?: Buffer): Promise<keyof Tally> {
  return new Promise((resolve) => {
    const request = http.request(options, (response) => {
      response.resume();
      // What a proxy in between says where no server does.
      const isFailure = (response.statusCode ?? 500) >= 500;
      response.on('end', () => settle(isFailure ? 'other' : 'ok'));
      response.on('error', (error: NodeJS.ErrnoException) => settle(kindOf(error)));
    });
    request.end(body);
    request.on('error', (error: NodeJS.ErrnoException) => settle(kindOf(error)));
    const limit = setTimeout(() => {
      settle('hung');
      request.destroy();
    }, HUNG_AFTER);
    function settle(fate: keyof Tally): void {
      clearTimeout(limit);
      resolve(fate);
    }
  });
}

function kindOf({ code, message }: NodeJS.ErrnoException): keyof Tally {
  if (code === 'ECONNREFUSED') return 'refused';
  if (message === 'socket hang up' || message === 'aborted') return 'empty';
  if (code === 'ECONNRESET') return 'reset';
  return 'other';
}
