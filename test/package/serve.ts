import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import type { Project } from './project.ts';

/** Starts a server of two workers that says its port in a line of JSON, and asks until both have answered.
 * Stops it by SIGTERM. Returns its exit status. */
export async function serve(
  project: Project,
  command: string[],
  env: Record<string, string>,
): Promise<number | null> {
  const [program = '', ...args] = command;
  const server = spawn(program, args, {
    cwd: project.folder,
    env: { ...project.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const exited = once(server, 'exit');
  try {
    const port = await portOf(server.stdout).catch((error) => {
      throw new Error(`${error.message}: ${said}`);
    });
    const workers = new Set<string>();
    for (let i = 0; workers.size < 2; i++) workers.add(await ask(port, `127.0.0.${2 + (i % 250)}`));
    server.kill('SIGTERM');
    const [code] = await exited;
    return code;
  } finally {
    server.kill('SIGKILL');
  }
}

async function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: stdout })) {
    const { port } = JSON.parse(line);
    if (port === undefined) continue;
    stdout.resume(); // what it says from now on must not fill the pipe
    return port;
  }
  throw new Error('the server ended before it listened');
}

/** From an address of its own: a policy may bind one to a worker. */
async function ask(port: number, localAddress: string): Promise<string> {
  const request = http.get({ port, host: '127.0.0.1', localAddress, agent: false, timeout: 10_000 });
  request.on('timeout', () => request.destroy(new Error('no answer in 10 s')));
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body;
}
