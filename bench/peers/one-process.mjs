import { APP } from './files.mjs';

/** The floor: no balancing at all. Nothing but its CPU time can be compared. */
export const oneProcess = {
  id: 'one-process',
  label: 'one process',
  probe: () => undefined,
  args: () => [APP],
  isAlone: true,
};
