/** What systemd says to the process it starts: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
export interface SystemdEnvironment {
  /** Where it wants to hear how things are: a path, or with '@' an abstract name. */
  notifySocket: string | undefined;
  /** Milliseconds after which it takes a silent process for dead. */
  watchdog: number | undefined;
  /** Listening sockets it has opened for us. */
  listenFds: readonly number[];
}

const FIRST_FD = 3;
const NAMES = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_PIDFDID',
  'LISTEN_FDNAMES',
] as const;

/** What is meant for the process `pid`. What is malformed is as if it were not there: so libsystemd does. */
export function parseSystemd(env: NodeJS.ProcessEnv, pid: number): SystemdEnvironment {
  const watchdog = count(env.WATCHDOG_USEC) / 1000;
  const isWatched = watchdog > 0 && (env.WATCHDOG_PID === undefined || count(env.WATCHDOG_PID) === pid);
  const sockets = count(env.LISTEN_PID) === pid ? count(env.LISTEN_FDS) : 0;
  return {
    notifySocket: env.NOTIFY_SOCKET || undefined,
    watchdog: isWatched ? watchdog : undefined,
    listenFds: Array.from({ length: sockets }, (_, i) => FIRST_FD + i),
  };
}

let taken: SystemdEnvironment | undefined;

/** The same of this process. It is removed from its environment, so that no process it starts takes it for its own;
 * what a second fleet of this process finds are no sockets, since the first has closed them. */
export function takeSystemd(): SystemdEnvironment {
  const found = taken ?? parseSystemd(process.env, process.pid);
  for (const name of NAMES) delete process.env[name];
  taken = { ...found, listenFds: [] };
  return found;
}

/** What another process of this service is to find. For whoever comes, since it is not known who that will be. */
export function systemdVariables({ notifySocket, watchdog }: SystemdEnvironment): Record<string, string> {
  return {
    ...(notifySocket !== undefined && { NOTIFY_SOCKET: notifySocket }),
    ...(watchdog !== undefined && { WATCHDOG_USEC: String(watchdog * 1000) }),
  };
}

/** 0 where it is none. */
function count(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
