// Load on one route, from this process on another.
import autocannon from 'autocannon';

const CONNECTIONS = 64;

/** @returns requests a second, the 99th percentile in ms, and µs of the server's processor time a request */
export async function loadRoute({ url, headers, readCpu }, { httpSeconds, httpRequests }) {
  const rest = stayAwake();
  const before = await readCpu();
  const began = performance.now();
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    // A trial run counts requests, so that it sees responses on a busy machine too.
    ...(httpRequests === undefined ? { duration: httpSeconds } : { amount: httpRequests }),
    // It ends at a sample, and the default is a sample each second.
    sampleInt: 50,
    // Connections go through the users one after the other.
    requests: headers.map((one) => ({ method: 'GET', headers: one })),
  });
  const elapsed = (performance.now() - began) / 1000;
  rest();
  const cpu = (await readCpu()) - before;
  const { '2xx': answered, non2xx, errors } = result;
  if (answered === 0 || non2xx + errors > 0)
    throw new Error(`${url}: ${answered} good responses, ${non2xx} others, ${errors} errors`);
  return { perSecond: answered / elapsed, p99: result.latency.p99, cpu: cpu / answered };
}

/**
 * Makes this process poll for responses. A sleeping process must be woken by the sender, and the server
 * would pay for that, the more the slower it is: over a network it does not.
 *
 * @returns what ends it
 */
function stayAwake() {
  let isAwake = true;
  const look = () => {
    if (isAwake) setImmediate(look);
  };
  look();
  return () => {
    isAwake = false;
  };
}
