import { accessSync, chownSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Predictor } from '../helpers/selector-cbpf.ts';
import { classicSelectors } from './selector-cbpf.ts';

// Whoever may listen may choose: the same tests as nobody, without any capability. This process, which is
// this file's own, is nobody from here on.

const NOBODY = 65534;
const uid = process.getuid?.();

function becomeNobody(predictor: Predictor): boolean {
  chownSync(predictor.folder, NOBODY, NOBODY);
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
  try {
    accessSync(new URL('../../dist/binding.js', import.meta.url));
    return true;
  } catch {
    return false;
  }
}

if (uid !== 0) {
  console.warn(`SKIPPED: selectors as nobody (only root can become it; all else ran as user ${uid})`);
  test.skip('as nobody', () => {});
} else {
  const predictor = new Predictor();
  if (becomeNobody(predictor)) {
    test('nobody, without capabilities', () => {
      expect(process.getuid?.()).toBe(NOBODY);
      expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/^CapEff:\t0+$/m);
    });
    classicSelectors(predictor);
  } else {
    predictor.remove();
    console.warn('SKIPPED: selectors as nobody (who may not read this folder)');
    test.skip('as nobody', () => {});
  }
}
