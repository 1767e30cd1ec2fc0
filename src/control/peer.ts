import type { Socket } from 'node:net';
import { binding } from '../binding.js';
import { EvenkeelError } from '../errors.js';

export type PeerCheck = (socket: Socket) => boolean;

/** Root may command every user's fleet: it could as well become that user. */
const ROOT = 0;

/** Whether who has connected is this user, or root. Where that cannot be asked, without the addon or on Windows,
 * everybody passes who could connect: the directory, and Windows' own check of a pipe, let nobody else. */
export function peerCheck(): PeerCheck {
  const own = process.geteuid?.();
  const peerUid = own === undefined ? undefined : loadPeerUid();
  if (peerUid === undefined) return () => true;
  return (socket) => {
    const fd = descriptorOf(socket);
    if (fd === undefined) return false; // closed already
    try {
      const uid = peerUid(fd);
      return uid === own || uid === ROOT;
    } catch {
      return false; // whose peer cannot be told is nobody's
    }
  };
}

function loadPeerUid(): ((fd: number) => number) | undefined {
  try {
    return binding().peerUid;
  } catch (error) {
    if (error instanceof EvenkeelError && error.code === 'ERR_ADDON_UNAVAILABLE') return undefined;
    throw error;
  }
}

/** Node has no public name for it; see test/worker/seam.test.ts. */
export function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
