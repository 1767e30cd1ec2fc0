/** Node's options that name its inspector's address, and those of them that start it, as text of any form. */
const NAMES = /--(inspect|debug-port)/;
const STARTS = /--inspect(-brk|-wait)?(=|\s|"|$)/;

/** Whether Node's options say where its inspector shall listen, if it starts. */
export function namesInspector(execArgv: readonly string[], nodeOptions = ''): boolean {
  return [...execArgv, nodeOptions].some((text) => NAMES.test(text));
}

/** Whether they start it. */
export function startsInspector(execArgv: readonly string[], nodeOptions = ''): boolean {
  return [...execArgv, nodeOptions].some((text) => STARTS.test(text));
}
