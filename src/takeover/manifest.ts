import { EvenkeelError } from '../errors.js';
import { STRATEGIES, type StrategyName } from '../strategies/select.js';

/* What two primaries say to each other while one takes the other's place: JSON, one message a line. The old one
 * begins with its manifest. The new one answers `ready` when every worker of its is, or `failed`. Then the old one
 * has `released` the sockets, or it has `aborted`. Released, the new one is `serving` as soon as it also has the control
 * socket and the like. */

/** Of this conversation. */
export const VERSION = 1;

/** Sockets on one of the old one's addresses. */
export interface ManifestListener {
  /** Who listens there; see addressKey(). */
  key: string;
  /** For people. */
  address: string;
  /** Who gave them, systemd say, goes on listening on them when the fleet has ended. */
  isOthers: boolean;
  /** What the first worker to listen gave the others: TLS ticket keys. */
  data: unknown;
  /** How many. */
  sockets: number;
}

/** What the new one has from the old one. The sockets come as descriptors: the listeners' in this order, then the
 * inherited ones. */
export interface Manifest {
  v: typeof VERSION;
  /** The old one's process. */
  pid: number;
  /** Of the fleet. */
  name: string;
  strategy: StrategyName;
  /** Of the new one's first workers. */
  generation: number;
  /** How many workers, where that is not what the fleet was started with. */
  workers: number | null;
  listeners: ManifestListener[];
  /** Sockets the old one was started with (LISTEN_FDS). */
  inherited: number;
}

export interface FailedMessage {
  code: string;
  message: string;
}

export type FromOld = { takeover: Manifest } | { released: true } | { aborted: string };
export type FromNew = { ready: { workers: number } } | { failed: FailedMessage } | { serving: true };

/** @throws EvenkeelError ERR_UPGRADE_FAILED: it is of another version, or none */
export function parseManifest(message: unknown): Manifest {
  const manifest = (message as { takeover?: Partial<Manifest> | null }).takeover ?? undefined;
  if (manifest?.v !== undefined && manifest.v !== VERSION) {
    throw new EvenkeelError(
      'ERR_UPGRADE_FAILED',
      `the process that runs hands its sockets over in version ${JSON.stringify(manifest.v)}, this one takes version ${VERSION}: stop the fleet, and start it anew`,
    );
  }
  if (manifest !== undefined && isManifest(manifest)) return manifest;
  throw new EvenkeelError('ERR_UPGRADE_FAILED', 'what was to hand over its sockets has said something else');
}

function isManifest(value: Partial<Manifest>): value is Manifest {
  const { v, pid, name, strategy, generation, workers, listeners, inherited } = value;
  return (
    v === VERSION &&
    isCount(pid) &&
    typeof name === 'string' &&
    STRATEGIES.some((one) => one === strategy) &&
    isCount(generation) &&
    (workers === null || isCount(workers)) &&
    isCount(inherited) &&
    Array.isArray(listeners) &&
    listeners.every(isListener)
  );
}

function isListener(value: unknown): value is ManifestListener {
  const { key, address, isOthers, sockets } = (value ?? {}) as Partial<ManifestListener>;
  const isSaid = typeof key === 'string' && typeof address === 'string' && typeof isOthers === 'boolean';
  return isSaid && isCount(sockets) && (sockets as number) > 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
