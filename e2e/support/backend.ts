// The servers behind the recorded page, each with a real SDK.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sdkFolder } from './sdks';

const folder = join(import.meta.dirname, '..', 'backends');
const python = join(sdkFolder('python-sentry-sdk-2.75.0'), 'bin', 'python');

export const pythonMissing = existsSync(python) ? undefined : `there is no sentry-sdk for Python at ${python}; python3 with venv and pip is needed by sdk/fetch.mjs`;

export class Backend {
  private constructor(
    readonly origin: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(kind: 'node' | 'python', dsn: string): Promise<Backend> {
    const command = kind === 'node' ? [process.execPath, join(folder, 'node.mjs')] : [python, join(folder, 'python.py')];
    const child = spawn(command[0]!, command.slice(1), { env: { ...process.env, SENTRY_DSN: dsn }, stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise<string>((found, failed) => {
      let said = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const match = /listening on (\d+)/.exec(said);
        if (match) found(match[1]!);
      });
      child.on('error', failed);
      child.on('exit', (code) => failed(new Error(`the ${kind} server ended with ${code}`)));
    });
    return new Backend(`http://127.0.0.1:${port}`, child);
  }

  /** Stops in order, so that its SDK sends what it has. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGTERM');
    await ended;
  }
}
