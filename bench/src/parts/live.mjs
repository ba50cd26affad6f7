// Many live sessions on one server.
import { createGroup } from '../groups.mjs';
import { runCourse } from '../live/course.mjs';
import { openPostgresHost } from '../live/postgres.mjs';
import { openRedisHost } from '../live/redis.mjs';
import { VERIFY } from '../live/steps.mjs';

export const measureLive = (context) => measureOn(openRedisHost, context);

export const measureLiveSql = (context) => measureOn(openPostgresHost, context);

async function measureOn(openHost, context) {
  const host = await openHost(context);
  try {
    const { seen, notes } = await runCourse(host, context);
    const sessions = context.settings.liveSessions.toLocaleString('en');
    const title = `${sessions} live sessions on ${host.name}`;
    return [createGroup({ id: host.id, title, unit: 'µs', seen, baseline: VERIFY, notes })];
  } finally {
    await host.close();
  }
}
