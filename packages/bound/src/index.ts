export { type DbscOptions, dbsc } from './dbsc/dbsc.js';
