/** What evenkeel logs with: pino's shape, so that a pino logger fits. One line a fact. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** For an application that uses node:cluster itself: only what it should know, as Node's own warnings. */
export const warningLog: Log = {
  debug() {},
  info() {},
  warn: emitWarning,
  error: emitWarning,
};

function emitWarning(facts: object, message: string): void {
  const code = (facts as { code?: string }).code;
  process.emitWarning(message, { type: 'EvenkeelWarning', ...(code === undefined ? {} : { code }) });
}
