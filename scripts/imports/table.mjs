// Who may import whom. Imports run downwards only; cycles are refused everywhere, type imports
// included. Patterns are paths below `folder`; one that ends in / takes in the whole folder.

const leaves = [
  'at-once.ts',
  'clock.ts',
  'deadlines.ts',
  'duration.ts',
  'environment.ts',
  'events.ts',
  'inspection.ts',
  'json.ts',
  'known-options.ts',
  'logger.ts',
  'schema.ts',
  'show.ts',
  'types.ts',
];

export const packages = [
  {
    folder: 'packages/core/src',
    external: ['node:'],
    externalInstead: '@sess/core has no dependencies; take what is needed in through an option',
    layers: [
      { name: 'errors', files: ['errors.ts'], may: [], instead: 'errors.ts lies below everything' },
      {
        name: 'leaves',
        files: leaves,
        may: ['errors', 'leaves'],
        instead: `a leaf knows only errors.ts and other leaves (${leaves.join(', ')})`,
      },
      {
        name: 'token',
        files: ['token/'],
        may: ['errors', 'leaves', 'token'],
        instead:
          'token/ holds secrets and their text forms; what needs a store belongs in session/',
      },
      {
        name: 'store',
        files: ['store/'],
        may: ['errors', 'leaves', 'token', 'store'],
        instead: 'store/ keeps records; what decides about them belongs in session/',
      },
      {
        name: 'options',
        files: ['options.ts', 'option-ports.ts'],
        may: ['errors', 'leaves', 'token', 'store', 'options'],
        instead: 'options.ts only checks and defaults; move the shared type into a leaf',
      },
      {
        name: 'session',
        files: ['session/'],
        may: ['errors', 'leaves', 'token', 'store', 'options', 'session'],
        instead: 'session/ knows no HTTP; http/ and session/ meet in sessions.ts only',
      },
      {
        name: 'http',
        files: ['http/'],
        may: ['errors', 'leaves', 'http'],
        instead: `http/ knows no store, token or session; use a type of a leaf (${leaves.join(', ')})`,
      },
      {
        name: 'sessions',
        files: ['sessions.ts'],
        may: ['errors', 'leaves', 'token', 'store', 'options', 'session', 'http'],
        instead: 'sessions.ts is the composition root and lies below default-sessions.ts',
      },
      {
        name: 'default-sessions',
        files: ['default-sessions.ts'],
        may: ['errors', 'leaves', 'options', 'sessions'],
        instead: 'default-sessions.ts only keeps the one instance that sessions.ts makes',
      },
      {
        name: 'index',
        files: ['index.ts', 'option-checks.ts', 'engine.ts'],
        may: [
          'errors',
          'leaves',
          'token',
          'store',
          'options',
          'session',
          'http',
          'sessions',
          'default-sessions',
        ],
        instead: 'index.ts is for users of the package; inside it import the file itself',
      },
    ],
  },
  {
    folder: 'packages/client/src',
    external: ['react'],
    externalInstead:
      'the client has no dependencies: what it takes from the browser is in platform.ts',
    layers: [{ name: 'client', files: ['./'], may: ['client'] }],
  },
  {
    folder: 'packages/express/src',
    external: ['@sess/core', '@sess/core/http', 'express', 'express-serve-static-core', 'node:'],
    externalInstead: 'an adapter imports @sess/core, @sess/core/http and its framework only',
    layers: [{ name: 'express', files: ['./'], may: ['express'] }],
  },
  {
    folder: 'packages/fastify/src',
    external: ['@sess/core', '@sess/core/http', 'fastify', 'fastify-plugin', 'node:'],
    externalInstead: 'an adapter imports @sess/core, @sess/core/http and its framework only',
    layers: [{ name: 'fastify', files: ['./'], may: ['fastify'] }],
  },
  {
    folder: 'packages/hono/src',
    // No node: here: the adapter runs where there is none.
    external: ['@sess/core', '@sess/core/http', 'hono', 'hono/route', 'hono/utils/http-status'],
    externalInstead: 'an adapter imports @sess/core, @sess/core/http and its framework only',
    layers: [{ name: 'hono', files: ['./'], may: ['hono'] }],
  },
  {
    folder: 'packages/jwt/src',
    external: ['@sess/core', '@sess/core/engine', '@sess/core/options', 'jose', 'node:'],
    externalInstead:
      'what an engine is built of comes from @sess/core/engine, cryptography from jose and node:',
    layers: [
      {
        name: 'keys',
        files: ['keys/'],
        may: ['keys'],
        instead: 'keys/ knows keys and nothing of tokens',
      },
      {
        name: 'token',
        files: ['token/'],
        may: ['keys', 'token'],
        instead: 'token/ reads and writes tokens; what becomes of a session belongs above',
      },
      { name: 'engines', files: ['./'], may: ['keys', 'token', 'engines'] },
    ],
  },
  {
    folder: 'packages/otel/src',
    // No node: here, as OpenTelemetry's API runs everywhere.
    external: ['@opentelemetry/api', '@sess/core', '@sess/core/options'],
    externalInstead:
      'what is measured is told by the engine (Sessions.on); SDKs and exporters are for the application to choose',
    layers: [{ name: 'otel', files: ['./'], may: ['otel'] }],
  },
  {
    folder: 'packages/redis/src',
    external: ['@sess/core', '@sess/core/options', '@sess/core/store', 'node:'],
    externalInstead: 'a store imports @sess/core and takes its client through client/redis-port.ts',
    layers: [{ name: 'redis', files: ['./'], may: ['redis'] }],
  },
  {
    folder: 'packages/testkit/src',
    external: ['@sess/core', '@sess/core/http', '@sess/core/store', 'vitest', 'node:'],
    externalInstead: 'testkit imports @sess/core and vitest only; take the rest as an argument',
    layers: [{ name: 'testkit', files: ['./'], may: ['testkit'] }],
  },
  {
    folder: 'test/servers/src',
    external: ['node:'],
    externalInstead:
      'test-servers serves every client and test runner, so it knows none; node: only',
    layers: [{ name: 'test-servers', files: ['./'], may: ['test-servers'] }],
  },
];

// Words that no library source may hold, and the port that takes their place. `except` are paths
// from the root of the repository: the file that is the port, or a package to which it does not apply.
export const fences = [
  {
    pattern: /\bconsole\./g,
    instead: "use the caller's logger (logger.ts)",
  },
  {
    pattern: /\bDate\.now\b|\bnew Date\(|\bperformance\.now\b/g,
    except: [
      'packages/client/src/platform.ts',
      'packages/core/src/clock.ts',
      'packages/testkit/src/',
      'test/servers/src/',
    ],
    instead: 'take the time from the clock that the options carry (clock.ts)',
  },
  {
    pattern: /\b(?:setTimeout|setInterval|setImmediate)\b/g,
    except: [
      'packages/client/src/platform.ts',
      'packages/core/src/clock.ts',
      'packages/redis/src/timers.ts',
      'packages/testkit/src/',
      'test/servers/src/',
    ],
    instead: 'use the timers of the clock that the options carry (clock.ts)',
  },
  {
    pattern: /\bMath\.random\b/g,
    instead: 'use the secure random bytes of token/',
  },
  {
    pattern: /\bglobalThis\s*\.\s*process\b|(?<![.\w$])process\s*(?:\?\.|\.|\[)/g,
    except: ['packages/core/src/environment.ts', 'test/servers/src/'],
    instead: 'use environment.ts, or let the app pass it in as an option',
  },
  {
    pattern: /:\s*any\b|\bas\s+any\b|<any\b|\bany\[\]/g,
    instead: 'say what it is, or `unknown` and a check',
  },
  {
    pattern: /(?<![.\w$])enum\s+\w/g,
    instead: 'use a union of string literals',
  },
];
