// All goals in one picture: how much of each was reached.
import { escapeXml } from './chart.mjs';

const WIDTH = 760;
const LEFT = 400;
const STEP = 22;
const TOP = 58;
const BAR = 14;
/** The width of the goal in pixels; bars far beyond it are cut off, so that the others stay legible. */
const GOAL = 150;
const MOST = 2;

/** Returns SVG text. @param goals with `share`, of which 1 is the goal */
export function drawGoals(goals) {
  const height = TOP + goals.length * STEP + 16;
  const bars = goals.map(({ goal, reached, share }, n) => {
    const y = TOP + n * STEP;
    const length = GOAL * Math.min(share, MOST);

    return [
      `<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${escapeXml(goal)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2" fill="${share >= 1 ? '#1f77b4' : '#d95f02'}"/>`,
      `<text x="${Math.min(LEFT + length + 6, WIDTH - 60).toFixed(1)}" y="${y + 11}">${escapeXml(reached)}</text>`,
    ].join('');
  });
  const line = LEFT + GOAL;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="11" fill="#7a7f87">`,
    '<title>Goals, and what was reached of them</title>',
    '<text x="8" y="20" font-size="15" font-weight="600">Goals, and what was reached of them</text>',
    `<text x="8" y="40">the line is the goal; longer is better; cut off at ${MOST} ×</text>`,
    ...bars,
    `<line x1="${line}" y1="${TOP - 8}" x2="${line}" y2="${height - 8}" stroke="#2ca02c" stroke-dasharray="4 3"/>`,
    '</svg>\n',
  ].join('\n');
}
