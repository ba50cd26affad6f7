#!/usr/bin/env node
import { printSchema, USAGE } from './print-schema.js';

try {
  process.stdout.write(printSchema(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`sess-sql: ${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 2;
}
