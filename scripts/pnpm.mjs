// Runs the pinned pnpm with any arguments: npm run pnpm -- add --filter @sess/core NAME
import { checkNode, pnpm } from './setup.mjs';

checkNode();
const quietTurbo = {
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};
const { code, output } = await pnpm(process.argv.slice(2), { env: { CI: '', ...quietTurbo } });
process.stderr.write(output);
process.exit(code);
