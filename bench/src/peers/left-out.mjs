// A peer that cannot be had is left out of a run, and a line says why: the rest of the run is still worth having.

/**
 * @param makers name → how to make the peer; its module is imported there, not at the top
 * @returns the peers that were made, and lines for the others
 */
export async function gather(makers) {
  const peers = [];
  const leftOut = [];
  for (const [name, make] of Object.entries(makers)) {
    try {
      const peer = await make();
      // What cannot sign in and verify once will not do it in a round either.
      await peer.verify(await peer.signIn(`trial-of-${name.replaceAll(/\W+/g, '-')}`));
      peers.push(peer);
    } catch (error) {
      leftOut.push(`${name} is left out: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { peers, leftOut };
}
