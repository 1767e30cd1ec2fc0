import { EvenkeelError } from '../errors.js';
import type { FleetStatus } from '../fleet-status.js';
import type { Log } from '../log.js';
import { encodeAnswer, type Id, parseRequest, RefusedRequest, type Request } from './protocol.js';

/** What the control socket needs of a fleet. */
export interface ControlledFleet {
  status(): FleetStatus;
  reload(): Promise<void>;
  scale(workers: number): Promise<void>;
  stop(options: { force: boolean }): Promise<void>;
  upgrade?(): Promise<{ pid: number; workers: number }>;
  /** Prometheus' text format. */
  metrics?(): Promise<string>;
}

/** The answer to one line of a client. */
export async function answerLine(
  line: string,
  fleet: ControlledFleet,
  log: Log,
): Promise<{ text: string; isLast: boolean }> {
  let id: Id | null = null;
  try {
    const request = parseRequest(line);
    id = request.id;
    return { text: encodeAnswer({ id, result: await execute(request, fleet, log) }), isLast: false };
  } catch (error) {
    const isGarbage = error instanceof RefusedRequest && error.isGarbage;
    if (error instanceof RefusedRequest) id = error.id;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) log.error({ err: error }, `control socket: ${message}`); // a bug: with its stack
    return {
      text: encodeAnswer({ id, error: { code: code ?? 'ERR_INTERNAL', message } }),
      isLast: isGarbage,
    };
  }
}

async function execute(request: Request, fleet: ControlledFleet, log: Log): Promise<unknown> {
  switch (request.command) {
    case 'status':
      return fleet.status();
    case 'reload': {
      log.info({}, 'control socket: reload');
      await fleet.reload();
      const { generation, workers } = fleet.status();
      return { generation, workers: workers.length };
    }
    case 'scale': {
      const workers = 'by' in request ? fleet.status().size + request.by : request.workers;
      log.info({ workers }, `control socket: scale to ${workers}`);
      await fleet.scale(workers);
      const ready = fleet.status().workers.filter(({ state }) => state === 'ready').length;
      return { workers, ready };
    }
    case 'stop':
      log.info({ force: request.force }, `control socket: stop${request.force ? ', by force' : ''}`);
      await fleet.stop({ force: request.force });
      return {};
    case 'upgrade':
      log.info({}, 'control socket: upgrade');
      if (fleet.upgrade !== undefined) return fleet.upgrade();
      throw new EvenkeelError('ERR_UNSUPPORTED', 'this fleet cannot be upgraded');
    case 'metrics':
      if (fleet.metrics !== undefined) return fleet.metrics();
      throw new EvenkeelError('ERR_UNSUPPORTED', 'this fleet has no metrics');
  }
}
