import type { HostSetup, RunningHost } from '@sess/testkit';

/** The application that the adapter suite asks for: `HostSetup` names its routes. Those of other adapters are alike. */
export async function startHost(_setup: HostSetup): Promise<RunningHost> {
  throw new Error('the application of the suite is not written yet');
}
