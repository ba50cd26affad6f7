/**
 * Directives as in redis.conf, the value written as there; a list stands for a directive that is
 * given several times.
 */
export type RedisConfig = Readonly<Record<string, string | readonly string[]>>;

/** Servers listen here only: nobody else on the network has any business with them. */
export const HOST = '127.0.0.1';

/**
 * The text of a redis.conf for one server: `config`, and what every server here has in common.
 * @throws TypeError for a line break, which would smuggle in a directive.
 */
export function configText(config: RedisConfig, directory: string, port: number): string {
  const directives: RedisConfig = {
    // Data that outlives a SIGKILL has to be asked for.
    save: '""',
    appendonly: 'no',
    // A new replica is served at once; the default waits 5 seconds for others to share the
    // transfer.
    'repl-diskless-sync-delay': '0',
    ...config,
    port: String(port),
    bind: HOST,
    dir: `"${directory}"`,
  };
  const lines: string[] = [];
  for (const [name, values] of Object.entries(directives)) {
    for (const value of typeof values === 'string' ? [values] : values) {
      if (/[\r\n]/.test(name + value)) throw new TypeError(`a line break in the directive ${name}`);
      lines.push(`${name} ${value === '' ? '""' : value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
