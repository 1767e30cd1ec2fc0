import { open, readdir, readlink } from 'node:fs/promises';

/** A listening TCP socket, and where to reach it from this machine. */
export interface Listening {
  /** Names the socket; every process that has it sees the same. */
  inode: string;
  host: string;
  port: number;
}

/** A line of /proc/net/tcp or tcp6, see proc(5). */
interface Line {
  host: string;
  port: number;
  state: string;
  inode: string;
}

const LISTEN = '0A';
const ESTABLISHED = '01';
const TABLES = ['tcp', 'tcp6'] as const;
const CHUNK = 64 * 1024;

/** What a process listens on and this one does not, which owns what its workers share. Linux only.
 * @param known inodes that need not be looked for */
export async function ownListening(
  pid: number,
  known: ReadonlySet<string> = new Set(),
): Promise<Listening[]> {
  const listening: Line[] = [];
  for (const table of TABLES) {
    // The kernel lists those that listen first; of the others there may be many thousands.
    for await (const line of linesOf(`/proc/${pid}/net/${table}`)) {
      if (line.state !== LISTEN) break;
      if (!known.has(line.inode)) listening.push(line);
    }
  }
  if (listening.length === 0) return [];
  const [theirs, ours] = await Promise.all([socketsOf(pid), socketsOf(process.pid)]);
  return listening.filter(({ inode }) => theirs.has(inode) && !ours.has(inode));
}

/** Whether anybody is connected to a socket on which a process listens. */
export async function hasConnections(pid: number, { port }: Listening): Promise<boolean> {
  const theirs = await socketsOf(pid);
  for (const table of TABLES) {
    for await (const line of linesOf(`/proc/${pid}/net/${table}`)) {
      if (line.state === ESTABLISHED && line.port === port && theirs.has(line.inode)) return true;
    }
  }
  return false;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined; // a kernel without IPv6
    throw error;
  });
  if (handle === undefined) return;
  try {
    const buffer = Buffer.alloc(CHUNK);
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return;
      const texts = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) {
        const line = parseLine(text);
        if (line !== undefined) yield line;
      }
    }
  } finally {
    await handle.close();
  }
}

/** Undefined: the heading. */
export function parseLine(text: string): Line | undefined {
  const [, local = '', , state = '', , , , , , inode = ''] = text.trim().split(/\s+/);
  const [address, port] = local.split(':');
  if (address === undefined || port === undefined || !/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(address))
    return undefined;
  return { host: hostOf(address), port: Number.parseInt(port, 16), state, inode };
}

/** The address in words of four bytes, each in this machine's order: little-endian on all that Node runs on. */
function hostOf(address: string): string {
  const words = address.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const isAny = bytes.every((byte) => byte === '00');
  if (bytes.length === 4)
    return isAny ? '127.0.0.1' : bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  return isAny ? '::1' : (bytes.join('').match(/.{4}/g) ?? []).join(':');
}

/** The inodes of a process's sockets. */
async function socketsOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set<string>();
  await Promise.all(
    (await readdir(folder)).map(async (fd) => {
      const target = await readlink(`${folder}/${fd}`).catch(() => ''); // closed meanwhile
      const inode = target.match(/^socket:\[(\d+)\]$/)?.[1];
      if (inode !== undefined) inodes.add(inode);
    }),
  );
  return inodes;
}
