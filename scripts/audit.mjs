// npm run audit: asks the registry which of the locked versions have known vulnerabilities; arguments go to pnpm.
import { checkNode, fail, pnpm } from './setup.mjs';

checkNode();
const { code, output } = await pnpm(['audit', ...process.argv.slice(2)], { quiet: true });
// Mirrors often serve packages and no advisories. That is no clean audit, and no vulnerability either.
if (/ERR_PNPM_AUDIT_BAD_RESPONSE/.test(output)) {
  fail(`${output.trim()}\n\nThis registry answers no audits: nothing was found out.`, 2);
}
process.stdout.write(output);
process.exit(code);
