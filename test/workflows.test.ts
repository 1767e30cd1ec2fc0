import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const workflows = new URL('.github/workflows/', root);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** What npm does by itself. */
const OF_NPM = ['pack', 'pkg', 'publish'];

/** A workflow is not tried before it is pushed: what it calls is. */
describe.each(readdirSync(workflows))('%s', (name) => {
  const text = readFileSync(new URL(name, workflows), 'utf8');
  const steps = [...text.matchAll(/^ *(?:- )?run: *(.*)$/gm)].map(([, command]) => command ?? '');

  test('has steps', () => {
    expect(steps).not.toEqual([]);
  });

  test.each(steps)('%s: a script of package.json, or npm itself', (command) => {
    expect(command.replace(/\$\{\{.*?\}\}/g, '')).not.toMatch(/[;&|]/);
    const [npm, verb = '', script = ''] = command.split(' ');
    expect(npm).toBe('npm');
    if (OF_NPM.includes(verb)) return;
    expect(verb === 'run' ? script : verb).toBeOneOf(Object.keys(scripts));
  });
});
