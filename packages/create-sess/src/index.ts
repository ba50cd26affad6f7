export {
  type Created,
  createProject,
  KINDS,
  type ProjectOptions,
  STORES,
} from './create-project.js';
