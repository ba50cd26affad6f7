import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../src/settings.js';

const folder = resolve('examples/demo');

interface Service {
  readonly profiles: readonly string[];
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}

const { services } = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
};
const demos = Object.entries(services).filter(([, { build }]) => build !== undefined);

/** Why the file cannot be checked by Docker; `undefined` where it can. No engine is needed for that. */
const whyNoDocker =
  spawnSync('docker', ['compose', 'version']).status === 0
    ? undefined
    : 'there is no docker client with the compose command';

describe('compose.yaml', () => {
  it('has the demo on Redis and on PostgreSQL', () => {
    expect(demos.map(([, { profiles }]) => profiles)).toEqual([['redis'], ['postgres']]);
  });

  it.each(demos)(
    '%s gets settings that the demo reads, with a server of its profile',
    (_, demo) => {
      const environment = demo.environment ?? {};
      const settings = readSettings(environment);
      const url = new URL(settings.redisUrl ?? settings.databaseUrl ?? '');
      expect(Object.values(environment)).toEqual([settings.redisUrl ?? settings.databaseUrl]);
      const server = services[url.hostname];
      expect(server?.profiles).toEqual(demo.profiles);
      expect(server?.healthcheck).toBeDefined();
      expect(demo.depends_on).toEqual({ [url.hostname]: { condition: 'service_healthy' } });
      // For this machine only, at the port of the demo.
      expect(demo.ports).toEqual([`127.0.0.1:${settings.port}:${settings.port}`]);
      if (url.protocol === 'postgres:') {
        expect(server?.environment).toEqual({
          POSTGRES_USER: url.username,
          POSTGRES_PASSWORD: url.password,
          POSTGRES_DB: url.pathname.slice(1),
        });
      }
    },
  );

  it.each(demos)('%s is built by a file that starts the built demo', (_, { build }) => {
    const context = resolve(folder, build?.context ?? '');
    expect(context).toBe(resolve('.'));
    const text = readFileSync(join(context, build?.dockerfile ?? ''), 'utf8');
    const [, program = ''] = /^CMD \["node", "(.+)"\]$/m.exec(text) ?? [];
    // Built from the source of the same name.
    expect(existsSync(program.replace('dist', 'src').replace(/js$/, 'ts'))).toBe(true);
    expect(existsSync(`${build?.dockerfile}.dockerignore`)).toBe(true);
  });

  it.skipIf(whyNoDocker !== undefined)(
    `is valid for Docker${whyNoDocker === undefined ? '' : ` (skipped: ${whyNoDocker})`}`,
    () => {
      const args = ['compose', '--profile', '*', 'config', '--services'];
      const names = execFileSync('docker', args, { cwd: folder, encoding: 'utf8' });
      expect(names.trim().split('\n').sort()).toEqual(Object.keys(services).sort());
    },
  );
});
