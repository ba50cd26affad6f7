// Runs a server in a separate process while some work needs it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PATIENCE_MS = 20_000;
const PORT = /listening on http:\/\/127\.0\.0\.1:(\d+)|"port":\s*(\d+)/;

/** Starts a program that prints its port on standard output, and kills it when the work is done. */
export async function withServer(program, args, work) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  try {
    const port = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it does not listen')), PATIENCE_MS);
      child.stdout.on('data', (chunk) => {
        output += chunk;
        const match = PORT.exec(output);
        if (match) resolve(match[1] ?? match[2]);
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
      void ended.then(() => clearTimeout(timer));
    });
    return await work(`http://127.0.0.1:${port}`);
  } catch (error) {
    error.message += `\n${output.trim()}`;
    throw error;
  } finally {
    end();
    process.off('exit', end);
    await ended;
  }
}
