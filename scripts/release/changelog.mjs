// What a CHANGELOG says of one version.

/** The text under `## version`, without its heading; empty when there is none. */
export function releaseNotes(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split('\n', 1)[0].trim() === version) ?? '';
  return section.split('\n').slice(1).join('\n').trim();
}
