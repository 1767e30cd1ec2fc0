import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

type Env = Record<string, string>;

/** This process's environment without what npm and vitest, which run it, have added: but for what npm was
 * configured with. */
function plainEnv(): Env {
  const kept = /^npm_config_(registry|cache|nodedir|userconfig|globalconfig)$/;
  const entries = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && (kept.test(name) || !/^(npm_|VITEST|NODE_ENV|INIT_CWD)/i.test(name)),
  );
  return Object.fromEntries(entries) as Env;
}

export function npm(args: string[], { cwd, env = {} }: { cwd: string; env?: Env }): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', env: { ...plainEnv(), ...env } });
}

/** The folder `package` of a tarball, unpacked into `folder`. */
export function unpacked(tarball: string, folder: string): string {
  execFileSync('tar', ['xzf', tarball, '-C', folder]);
  return path.join(folder, 'package');
}

const COMMANDS =
  'node npm npx sh env uname cat ls cp mv rm mkdir chmod dirname basename readlink sed tr id'.split(' ');

/** An empty project of a user's. `compiler`: false: nothing on its PATH can compile. */
export class Project implements Disposable {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-project-'));
  readonly env: Env = plainEnv();

  constructor({ compiler }: { compiler: boolean }) {
    writeFileSync(path.join(this.folder, 'package.json'), '{"private": true}\n');
    cpSync(fileURLToPath(new URL('app', import.meta.url)), this.folder, { recursive: true });
    if (!compiler) this.env.PATH = this.#poorPath();
  }

  /** Returns what npm and the package's script said. */
  install(tarball: string, env: Env = {}): string {
    const options = ['--no-fund', '--no-audit', '--prefer-offline', '--foreground-scripts'];
    const { status, stdout, stderr } = this.run('npm', ['install', ...options, tarball], env);
    if (status !== 0) throw new Error(`npm install ended with ${status}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  installed(...names: string[]): string {
    return path.join(this.folder, 'node_modules/evenkeel', ...names);
  }

  run(command: string, args: string[], env: Env = {}): SpawnSyncReturns<string> {
    return spawnSync(command, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...this.env, ...env },
      maxBuffer: 1 << 26,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #poorPath(): string {
    const folder = path.join(this.folder, 'commands');
    mkdirSync(folder);
    for (const command of COMMANDS) {
      const found = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
      symlinkSync(realpathSync(found), path.join(folder, command));
    }
    return folder;
  }
}
