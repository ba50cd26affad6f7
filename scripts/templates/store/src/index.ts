export { __camel__Store, type __Name__StoreOptions } from './__name__-store.js';
