import { namesInspector } from '../inspector-options.js';

/** On SIGUSR1 Node starts its inspector on one port, the same in every worker. Here each takes one that is free,
 * unless its options name one. */
export function freeDebugPort(): void {
  if (!namesInspector(process.execArgv, process.env.NODE_OPTIONS)) process.debugPort = 0;
}
