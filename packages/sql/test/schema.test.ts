import { describe, expect, it } from 'vitest';
import { printSchema } from '../src/print-schema.js';
import {
  type Build,
  checkLabel,
  labelOf,
  migrateTables,
  type SchemaPort,
} from '../src/store/schema.js';
import { usersOption } from '../src/store/users.js';

/** A database that only knows its label and what was run. */
function createPort(label?: string) {
  const ran: string[] = [];
  const state = { label, ran };
  const port: SchemaPort = {
    table: 't',
    readLabel: async () => state.label,
    async create() {
      state.label = labelOf(BUILD);
      ran.push('create');
    },
    async upgrade(statements, next) {
      ran.push(...statements);
      state.label = next;
    },
    async extend() {
      ran.push('extend');
    },
  };
  return { port, state };
}

const BUILD: Build = {
  version: 3,
  oldest: 2,
  upgrades: { 1: ['one to two'], 2: ['two to three'] },
};

describe('migrateTables', () => {
  it('creates absent tables with the label of the build', async () => {
    const { port, state } = createPort();
    await migrateTables(port, BUILD);
    expect(state).toEqual({ label: 'sess schema 3, for builds from 2', ran: ['create', 'extend'] });
  });

  it('runs every upgrade between the version of the tables and the build, in order', async () => {
    const { port, state } = createPort('sess schema 1');
    await migrateTables(port, BUILD);
    expect(state.ran).toEqual(['one to two', 'two to three', 'extend']);
    expect(state.label).toBe('sess schema 3, for builds from 2');
  });

  it('leaves newer tables as they are if they allow this build, and refuses others', async () => {
    const { port, state } = createPort('sess schema 5, for builds from 3');
    await migrateTables(port, BUILD);
    expect(state).toEqual({ label: 'sess schema 5, for builds from 3', ran: ['extend'] });
    state.label = 'sess schema 5, for builds from 4';
    await expect(migrateTables(port, BUILD)).rejects.toThrow('Update @sess/sql');
    state.label = 'people';
    await expect(migrateTables(port, BUILD)).rejects.toThrow('expected a table of @sess/sql');
  });

  it('continues if another process made the same upgrade first, and reports other failures', async () => {
    const { port, state } = createPort('sess schema 2');
    const upgrade = port.upgrade.bind(port);
    let isFaster = true;
    const failing: SchemaPort = {
      ...port,
      async upgrade(statements, label) {
        if (isFaster) await upgrade(statements, label);
        throw new Error('duplicate column');
      },
    };
    await migrateTables(failing, BUILD);
    expect(state.label).toBe('sess schema 3, for builds from 2');
    isFaster = false;
    state.label = 'sess schema 2';
    await expect(migrateTables(failing, BUILD)).rejects.toThrow('duplicate column');
  });
});

describe('checkLabel', () => {
  it('accepts tables of this build, newer ones that allow it, and tables without a label', () => {
    for (const label of ['sess schema 3', 'sess schema 8, for builds from 1', 'null', '']) {
      expect(() => checkLabel(label, 't', BUILD)).not.toThrow();
    }
  });

  it('refuses older tables with the repair', () => {
    expect(() => checkLabel('sess schema 2', 't', BUILD)).toThrow('Run store.migrate()');
  });
});

describe('usersOption', () => {
  it.each([
    [{ type: 'bigint' }, /^users\.table: /],
    [{ table: 'users' }, /^users\.type: /],
    [{ table: 'a.b.c', type: 'text' }, /^users\.table: /],
    [{ table: 'users"', type: 'text' }, /^users\.table: /],
    [{ table: 'users', type: 'text; DROP TABLE x' }, /^users\.type: /],
    [{ table: 'users', type: 'text', column: 'a b' }, /^users\.column: /],
    [{ table: 'users', type: 'text', key: 'id' }, /no option 'key'/],
  ])('refuses %j', (value, message) => {
    expect(() => usersOption('users', value)).toThrow(message);
  });
});

describe('printSchema', () => {
  it.each([
    [[], /expected postgres, sqlite or mysql/],
    [['oracle'], /got "oracle"/],
    [['postgres', 'mysql'], /got "postgres mysql"/],
    [['postgres', '--tabel', 'x'], /--tabel/],
    [['postgres', '--table', 'a-b'], /^table: /],
    [['postgres', '--users', 'users'], /^users\.type: /],
    [['mysql', '--near-cache'], /for postgres only/],
    [['sqlite', '--schema', 'x'], /for postgres only/],
  ])('refuses the arguments %j', (args, message) => {
    expect(() => printSchema(args)).toThrow(message);
  });
});
