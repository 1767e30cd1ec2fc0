/** Every code evenkeel's own errors carry. Failures of the system keep Node's: EADDRINUSE, EACCES, … */
export type ErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_UNKNOWN_STRATEGY'
  | 'ERR_UNKNOWN_POLICY'
  | 'ERR_UNSUPPORTED'
  | 'ERR_ADDON_UNAVAILABLE'
  | 'ERR_ENTRY_NOT_FOUND'
  | 'ERR_ENTRY_NOT_A_FILE'
  | 'ERR_ENTRY_FAILED'
  | 'ERR_ALREADY_STARTED'
  | 'ERR_RELOAD_FAILED'
  | 'ERR_UPGRADE_FAILED'
  | 'ERR_STOPPED'
  | 'ERR_NOT_PRIMARY'
  | 'ERR_CHANNEL_MESSAGE'
  | 'ERR_SEAM_CHANGED'
  | 'ERR_NAME_TAKEN'
  | 'ERR_NO_FLEET'
  | 'ERR_SEVERAL_FLEETS'
  | 'ERR_NO_ANSWER'
  | 'ERR_CONTROL_DIRECTORY'
  | 'ERR_CONTROL_MESSAGE'
  | 'ERR_CONTROL_VERSION'
  | 'ERR_UNKNOWN_COMMAND';

/** An error of evenkeel's own: the message names what failed, why, and what to do. */
export class EvenkeelError extends Error {
  override readonly name = 'EvenkeelError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** True where the caller asked for something that cannot be: exit status 2, not 1. */
  get isUsage(): boolean {
    return USAGE.has(this.code);
  }
}

const USAGE: ReadonlySet<ErrorCode> = new Set([
  'ERR_INVALID_OPTION',
  'ERR_UNKNOWN_STRATEGY',
  'ERR_UNKNOWN_POLICY',
  'ERR_UNSUPPORTED',
  'ERR_ENTRY_NOT_FOUND',
  'ERR_ENTRY_NOT_A_FILE',
  'ERR_SEVERAL_FLEETS',
]);
