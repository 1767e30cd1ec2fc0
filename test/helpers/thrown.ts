import { EvenkeelError } from '../../dist/errors.js';

/** What `action` throws; fails where it throws nothing. */
export function thrown(action: () => unknown): NodeJS.ErrnoException & { address?: string; port?: number } {
  let result: unknown;
  try {
    result = action();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error(`nothing was thrown; it returned ${JSON.stringify(result)}`);
}

/** The error of evenkeel's own that `action` throws. */
export function refusal(action: () => unknown): EvenkeelError {
  const error = thrown(action);
  if (error instanceof EvenkeelError) return error;
  throw error;
}
