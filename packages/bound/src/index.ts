export { type DbscOptions, dbsc } from './dbsc/dbsc.js';
export { type DpopOptions, dpop } from './dpop/dpop.js';
