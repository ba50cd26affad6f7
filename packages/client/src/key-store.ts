/** The place where a client keeps its key: secure storage of a device, or memory for the life of a process. */
export interface KeyStore {
  /** Returns the stored key pair; nothing if there is none. */
  load(): Promise<CryptoKeyPair | undefined>;
  /** Stores a key pair unless there is one. Returns the one that is stored. */
  save(pair: CryptoKeyPair): Promise<CryptoKeyPair>;
}

const DATABASE = 'sess';
const TABLE = 'keys';
const NAME = 'dpop';

/**
 * Returns the store in IndexedDB. It keeps the key as an object that signs, and from which nothing can be read. The tabs
 * of an origin share it.
 */
export function openKeyStore(): KeyStore {
  return {
    load: () => run('readonly', (table) => table.get(NAME)),
    async save(pair) {
      // Another tab may have been faster.
      await run('readwrite', (table) => table.add(pair, NAME)).catch(() => undefined);
      return (await run<CryptoKeyPair | undefined>('readonly', (table) => table.get(NAME))) ?? pair;
    },
  };
}

async function run<Result>(
  mode: IDBTransactionMode,
  work: (table: IDBObjectStore) => IDBRequest,
): Promise<Result> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  const database = (await settle(opening)) as IDBDatabase;
  try {
    return (await settle(work(database.transaction(TABLE, mode).objectStore(TABLE)))) as Result;
  } finally {
    database.close();
  }
}

function settle(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
