import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = resolve('docs/.vitepress/dist');
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/**
 * Builds the site with its generated pages, and serves it on a free port.
 *
 * @throws {Error} with the output of the build, if it fails
 */
export async function serveBuiltSite(): Promise<{
  readonly origin: string;
  readonly stop: () => Promise<void>;
}> {
  await promisify(execFile)(process.execPath, ['tools/dev.mjs', 'docs'], { maxBuffer: 1 << 26 });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = fileOf(decodeURIComponent(pathname));
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': TYPES[extname(file ?? '404.html')] ?? 'application/octet-stream',
    });
    response.end(readFileSync(file ?? join(FOLDER, '404.html')));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Pages are linked without the end of their name. */
function fileOf(pathname: string): string | undefined {
  const path = join(FOLDER, pathname);
  if (!path.startsWith(FOLDER + sep) && path !== FOLDER) return undefined;
  return [path, `${path}.html`, join(path, 'index.html')].find(
    (file) => existsSync(file) && statSync(file).isFile(),
  );
}
