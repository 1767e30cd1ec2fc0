import { expect, test } from 'vitest';
import { makeLink } from '../../dist/link/open.js';
import { leavesNothingOpen } from '../helpers/descriptors.ts';
import { addon, closing } from '../helpers/native.ts';

const HANDLERS = { onReturned: () => {}, onError: () => {} };
const NAMES = ['table', 'bell', 'lane', 'waker'] as const;

test.each(NAMES)('a link whose %s cannot be shared leaves nothing open', async (refused) => {
  const table = closing(new addon.LoadTable({ slots: 1 }));
  const lane = closing(new addon.Lane(table, 0));
  const bell = closing(new addon.Bell());
  const sharing = {
    table: () => table.share(),
    bell: () => bell.share(),
    lane: () => lane.share(),
    waker: () => addon.shareWaker(),
  };
  const fail = () => {
    throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  };
  const make = () => makeLink({ slot: 0, supervised: true, primary: process.pid }, { ...sharing, [refused]: fail }, HANDLERS);
  await leavesNothingOpen(3, () => expect(make).toThrow('EMFILE'));
});
