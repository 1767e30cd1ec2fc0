// What these tests use of vitest, which does not run in Wine, over Node's own runner.
import { after, before, describe as nodeDescribe, test as nodeTest } from 'node:test';
import { format } from 'node:util';

export { expect } from 'expect';
export { after as afterAll, before as beforeAll };

type Action = (...args: never[]) => unknown;
type Hook = () => unknown;

interface Suite {
  readonly parent?: Suite;
  readonly before: Hook[];
  readonly after: Hook[];
}

/** As in vitest.config.ts. */
const TIMEOUT = 30_000;

/** The one that is being declared. */
let declared: Suite = { before: [], after: [] };
/** Of the test that runs: those of a file run one after another. */
let finishing: Hook[] = [];

export function beforeEach(hook: Hook): void {
  declared.before.push(hook);
}

export function afterEach(hook: Hook): void {
  declared.after.push(hook);
}

/** The last one first, after every afterEach. */
export function onTestFinished(hook: Hook): void {
  finishing.push(hook);
}

/** From the outermost suite in. */
function lineage(suite: Suite): Suite[] {
  return suite.parent === undefined ? [suite] : [...lineage(suite.parent), suite];
}

/** The test with its hooks. What is to be cleaned up is, whatever fails. */
async function run(suite: Suite, body: Hook): Promise<void> {
  const suites = lineage(suite);
  const errors: unknown[] = [];
  const attempt = async (hooks: Iterable<Hook>): Promise<boolean> => {
    for (const hook of hooks) {
      try {
        await hook();
      } catch (error) {
        errors.push(error);
        return false;
      }
    }
    return true;
  };
  finishing = [];
  await attempt([...suites.flatMap((one) => one.before), body]);
  for (const { after: hooks } of suites.reverse()) for (const hook of hooks) await attempt([hook]);
  for (let hook = finishing.pop(); hook !== undefined; hook = finishing.pop()) await attempt([hook]);
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'));
  if (errors.length === 1) throw errors[0];
}

function declareTest(name: string, body: Hook, timeout = TIMEOUT): void {
  const suite = declared;
  void nodeTest(name, { timeout }, () => run(suite, body));
}

function declareSuite(name: string, body: Hook): void {
  const suite: Suite = { parent: declared, before: [], after: [] };
  void nodeDescribe(name, () => {
    const outer = declared;
    declared = suite;
    try {
      body();
    } finally {
      declared = outer;
    }
  });
}

function skip(name: string): void {
  void nodeTest(name, { skip: true });
}

type Declare = (name: string, body: Hook, timeout?: number) => void;

/** `declare` with what vitest has beside it. */
function withVariants(declare: Declare) {
  const skipIf = (condition: unknown): Declare => (condition ? skip : declare);
  const each = (cases: readonly unknown[]) => (name: string, body: Action, timeout?: number) => {
    const areLists = cases.every(Array.isArray);
    for (const one of cases) {
      const args = (areLists ? one : [one]) as never[];
      declare(titleOf(name, args), () => body(...args), timeout);
    }
  };
  return Object.assign(declare, { skip, skipIf, runIf: (condition: unknown) => skipIf(!condition), each });
}

/** `%s` and its like take the arguments in turn, `$name` a field of the first. */
function titleOf(name: string, args: readonly unknown[]): string {
  const places = name.match(/%[sdifjoO]/g)?.length ?? 0;
  const [first] = args as [Record<string, unknown>?];
  return format(name, ...args.slice(0, places))
    .replace(/\n\s*/g, ' ')
    .replace(/\$(\w+)/g, (whole, field) =>
      first instanceof Object && field in first ? format('%s', first[field]) : whole,
    );
}

export const test = withVariants(declareTest);
export const describe = withVariants(declareSuite);
