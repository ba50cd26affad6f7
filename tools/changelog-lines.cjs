// How changesets writes a CHANGELOG; named by .changeset/config.json. CommonJS, because changesets requires it.

/** The sentence of the changeset. */
async function getReleaseLine({ summary }) {
  const [first = '', ...rest] = summary.trim().split('\n');
  return [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
}

/** Nothing: all packages share one version, so that a dependency was raised says nothing. */
async function getDependencyReleaseLine() {
  return '';
}

module.exports = { getReleaseLine, getDependencyReleaseLine };
