import { type ErrorCode, EvenkeelError } from '../errors.js';

/* One JSON object a line. Request: {v: 1, id, command, …arguments}. Answer: {v: 1, id, result}, or
 * {v: 1, id, error: {code, message}}. A request whose id cannot be read is answered with id null. */

export const VERSION = 1;
/** Bytes of a request, without its newline. */
export const LONGEST_REQUEST = 16 * 1024;
const LONGEST_ID = 64;

/** The client's own; the answer has the same. */
export type Id = number | string;

export type Command =
  | { command: 'status' }
  | { command: 'reload' }
  /** To so many workers. */
  | { command: 'scale'; workers: number }
  /** By so many workers more, or fewer. */
  | { command: 'scale'; by: number }
  | { command: 'stop'; force: boolean }
  | { command: 'upgrade' }
  | { command: 'metrics' };

export type Request = Command & { id: Id };

export interface Failure {
  code: string;
  message: string;
}

export type Answer = { id: Id | null } & ({ result: unknown } | { error: Failure });

/** What a request is refused for. */
export class RefusedRequest extends EvenkeelError {
  readonly id: Id | null;
  /** It is no message of this protocol, so that nothing can be expected of what follows it. */
  readonly isGarbage: boolean;

  constructor(code: ErrorCode, message: string, id: Id | null = null) {
    super(code, message);
    this.id = id;
    this.isGarbage = code === 'ERR_CONTROL_MESSAGE';
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** By command, the fields it has and how they are read. */
const COMMANDS: Readonly<
  Record<Command['command'], { fields: readonly string[]; read: (fields: Fields) => Command | string }>
> = {
  status: { fields: [], read: () => ({ command: 'status' }) },
  reload: { fields: [], read: () => ({ command: 'reload' }) },
  scale: { fields: ['workers', 'by'], read: readScale },
  stop: { fields: ['force'], read: readStop },
  upgrade: { fields: [], read: () => ({ command: 'upgrade' }) },
  metrics: { fields: [], read: () => ({ command: 'metrics' }) },
};

/** @throws RefusedRequest ERR_CONTROL_MESSAGE, ERR_CONTROL_VERSION, ERR_UNKNOWN_COMMAND, ERR_INVALID_OPTION */
export function parseRequest(line: string): Request {
  const message = parseObject(line);
  if (message === undefined) {
    throw new RefusedRequest('ERR_CONTROL_MESSAGE', 'a request is a JSON object on a line of its own');
  }
  const { v, id, command, ...fields } = message;
  if (!isId(id)) {
    throw new RefusedRequest(
      'ERR_CONTROL_MESSAGE',
      `the id of a request is a number or a text of at most ${LONGEST_ID} characters`,
    );
  }
  if (v !== VERSION) {
    throw new RefusedRequest(
      'ERR_CONTROL_VERSION',
      `this fleet speaks version ${VERSION}, not ${brief(v)}`,
      id,
    );
  }
  if (typeof command !== 'string' || !Object.hasOwn(COMMANDS, command)) {
    throw new RefusedRequest(
      'ERR_UNKNOWN_COMMAND',
      `unknown command ${brief(command)}: one of ${Object.keys(COMMANDS).join(', ')}`,
      id,
    );
  }
  const { fields: known, read } = COMMANDS[command as Command['command']];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  const result = unknown === undefined ? read(fields) : `there is no ${brief(unknown)}`;
  if (typeof result !== 'string') return { ...result, id };
  throw new RefusedRequest('ERR_INVALID_OPTION', `${command}: ${result}`, id);
}

function readScale({ workers, by }: Fields): Command | string {
  if (isInteger(workers) && by === undefined) return { command: 'scale', workers };
  if (isInteger(by) && workers === undefined) return { command: 'scale', by };
  return 'either workers or by must be there, and be a whole number';
}

function readStop({ force = false }: Fields): Command | string {
  return typeof force === 'boolean' ? { command: 'stop', force } : 'force must be true or false';
}

/** A line to send. */
export function encodeRequest(request: Request): string {
  return `${JSON.stringify({ v: VERSION, ...request })}\n`;
}

/** A line to send. */
export function encodeAnswer(answer: Answer): string {
  return `${JSON.stringify({ v: VERSION, ...answer })}\n`;
}

/** @throws EvenkeelError ERR_CONTROL_MESSAGE, ERR_CONTROL_VERSION */
export function parseAnswer(line: string): Answer {
  const { v, id, result, error } = parseObject(line) ?? {};
  if (v !== undefined && v !== VERSION) {
    throw new EvenkeelError(
      'ERR_CONTROL_VERSION',
      `the fleet answers in version ${brief(v)}, this is version ${VERSION}: use the evenkeel the fleet runs with`,
    );
  }
  if (v === VERSION && (id === null || isId(id))) {
    if (isFailure(error)) return { id, error: { code: error.code, message: error.message } };
    if (result !== undefined) return { id, result };
  }
  throw new EvenkeelError('ERR_CONTROL_MESSAGE', `what answers is no fleet: ${brief(line)}`);
}

function parseObject(line: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function isId(value: unknown): value is Id {
  return Number.isFinite(value) || (typeof value === 'string' && value.length <= LONGEST_ID);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isFailure(value: unknown): value is Failure {
  const { code, message } = (value ?? {}) as Partial<Failure>;
  return typeof code === 'string' && typeof message === 'string';
}

/** As JSON, so that nothing in it acts on a terminal or a log; a long one cut. */
function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
