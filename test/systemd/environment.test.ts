import { expect, test } from 'vitest';
import { parseSystemd } from '../../dist/systemd/environment.js';

const NOTHING = { notifySocket: undefined, watchdog: undefined, listenFds: [] };

test.each([
  [{}, NOTHING],
  [{ NOTIFY_SOCKET: '' }, NOTHING],
  [{ NOTIFY_SOCKET: '@x' }, { ...NOTHING, notifySocket: '@x' }],
  [{ WATCHDOG_USEC: '3000000' }, { ...NOTHING, watchdog: 3000 }],
  [
    { WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' },
    { ...NOTHING, watchdog: 3000 },
  ],
  [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8' }, NOTHING],
  [{ WATCHDOG_USEC: '0' }, NOTHING],
  [{ WATCHDOG_USEC: '-1' }, NOTHING],
  [{ WATCHDOG_USEC: 'soon' }, NOTHING],
  [
    { LISTEN_FDS: '2', LISTEN_PID: '7' },
    { ...NOTHING, listenFds: [3, 4] },
  ],
  [{ LISTEN_FDS: '2', LISTEN_PID: '8' }, NOTHING],
  [{ LISTEN_FDS: '2' }, NOTHING],
  [{ LISTEN_FDS: 'x', LISTEN_PID: '7' }, NOTHING],
])('%j', (env, expected) => expect(parseSystemd(env, 7)).toEqual(expected));
