import net, { type Server } from 'node:net';

type Close = (this: Server, callback?: (error?: Error) => void) => Server;

/** Servers that were closed here, and whether the last of their connections is. */
const servers = new WeakMap<Server, { isClosed: boolean }>();
let isInstalled = false;

/** Closes a server, and leaves its idle connections open, as net's close() does: http's would close them at once.
 * Resolves when all are closed.
 *
 * What the application closes itself when it is told to end, then, is no server that has never run: its callback hears
 * of no error, and the server says 'close' once. */
export function closeServer(server: Server): Promise<void> {
  install();
  const state = { isClosed: false };
  return new Promise((resolve) => {
    close.call(server, () => {
      state.isClosed = true;
      resolve();
    });
    servers.set(server, state);
  });
}

const close: Close = net.Server.prototype.close;

/** http's, https' and http2's close() all come here; whoever has put one of their own before it comes here, too. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  net.Server.prototype.close = function (callback) {
    const state = servers.get(this);
    if (state === undefined) return close.call(this, callback);
    if (callback !== undefined && state.isClosed) process.nextTick(() => callback.call(this));
    else if (callback !== undefined) this.once('close', () => callback.call(this));
    return this;
  };
}
