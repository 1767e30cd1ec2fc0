export { type ErrorCode, EvenkeelError } from './errors.js';
export { type Explanation, explain } from './explain.js';
export type { Fleet, FleetEvents, FleetStatus, ListenerStatus, WorkerStatus } from './fleet.js';
export type { Log } from './log.js';
export type { StartOptions } from './options.js';
export type { WorkerState } from './primary/seat.js';
export type { Rescue } from './primary/worker-handle.js';
export { start } from './start.js';
export type { Capabilities, PolicyName, Reason, Rung, Selection, StrategyName } from './strategies/select.js';
