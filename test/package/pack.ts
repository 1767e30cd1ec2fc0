import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { npm, unpacked } from './project.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The package's file. */
    tarball: string;
    /** One that has no prebuilt binaries. */
    bareTarball: string;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-pack-'));
  const pack = (from: string, to: string): string => {
    const [packed] = JSON.parse(
      npm(['pack', '--ignore-scripts', '--json', '--pack-destination', to], { cwd: from }),
    );
    return path.join(to, packed.filename);
  };
  const tarball = pack(ROOT, folder);
  const content = unpacked(tarball, folder);
  rmSync(path.join(content, 'prebuilds'), { recursive: true, force: true });
  provide('tarball', tarball);
  provide('bareTarball', pack(content, content));
  return () => rmSync(folder, { recursive: true });
}
