// One process of an application: the engine of a tree on a store, ordered about by its parent. It answers each message
// `{ id, method, args }` with `{ id, result }` or `{ id, error }`.
import { importFrom, openers } from './stores.mjs';

const config = JSON.parse(process.argv[2]);
const { tree, store: kind, address, options = {}, storeOptions, secret } = config;
const opened = await openers[kind](tree, address, storeOptions);
const { createSessions } = await importFrom(tree, 'core', 'index.js');
const ignore = () => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const accessToken = secret === undefined ? {} : { accessToken: await signTokens() };
const sessions = createSessions({ store: opened.store, logger, ...accessToken, ...options });
let reuses = 0;
sessions.on('reuse', () => (reuses += 1));

/** Signed access tokens, which the denylist of the store ends. */
async function signTokens() {
  const { jwt, secretKey } = await importFrom(tree, 'jwt', 'index.js');
  const names = { issuer: 'https://example.com', audience: 'https://example.com' };
  const { denylist } = opened;
  return jwt({ ...names, keys: secretKey(secret), revocation: 'denylist', denylist });
}

const methods = {
  /** Functions cannot be sent. */
  count: (sid) => sessions.update(sid, (data) => ({ ...data, count: (data.count ?? 0) + 1 })),
  reuses: () => reuses,
  migrate: () => opened.migrate?.(),
  dump: () => opened.dump(),
  load: (content) => opened.load(content),
  async close() {
    await sessions.close();
    await opened.close();
  },
};

process.on('message', async ({ id, method, args }) => {
  try {
    const call = methods[method] ?? sessions[method];
    const result = await call.apply(sessions, args);
    process.send({ id, result });
    if (method === 'close') process.disconnect();
  } catch (error) {
    process.send({ id, error: { name: error.name, code: error.code, message: error.message } });
  }
});
process.send({ id: 0 });
