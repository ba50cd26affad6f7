#!/usr/bin/env node
import { relative } from 'node:path';
import { readArguments, USAGE } from './arguments.js';
import { createProject } from './create-project.js';

try {
  const options = readArguments(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else {
    const { folder } = createProject(options);
    const to = relative(process.cwd(), folder) || '.';
    process.stdout.write(
      `Created ${folder}. Now:\n\n  cd ${to}\n  npm install\n  npm test\n  npm start\n`,
    );
  }
} catch (error) {
  process.stderr.write(`create-sess: ${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 2;
}
