import { randomInt } from 'node:crypto';

/** Reproducible noise, by EVENKEEL_TEST_SEED or a fresh seed; Marsaglia's xorshift32. */
export function randomBytes(): { seed: number; next: (count: number) => Uint8Array } {
  const seed = Number(process.env.EVENKEEL_TEST_SEED ?? randomInt(1, 2 ** 31));
  let state = seed | 0 || 1;
  const next = (count: number): Uint8Array => {
    const words = new Int32Array(Math.ceil(count / 4));
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
    return new Uint8Array(words.buffer, 0, count);
  };
  return { seed, next };
}
