// A group as horizontal bars. By hand: a chart library would be the largest package of the bench, for a few rectangles.
import { short } from './table.mjs';

const WIDTH = 760;
const LEFT = 270;
const RIGHT = 120;
const BAR = 18;
const STEP = 26;
const TOP = 58;
/** The scale is logarithmic beyond this ratio of the largest to the smallest value. */
const LOGARITHMIC_FROM = 50;

/** Returns SVG text. The colours are legible on light and dark pages. */
export function drawChart({ title, rows, baselines, isHigherBetter }) {
  const ratios = rows.map(({ ratios: [first] }) => first);
  const scale = createScale(ratios);
  const height = TOP + rows.length * STEP + 16;
  const bars = rows.map(({ name, ratios: [ratio] }, n) => {
    const y = TOP + n * STEP;
    const length = scale.lengthOf(ratio);
    const isOurs = name.startsWith('ours') || name.startsWith('@sess/');
    const fill = isOurs ? '#1f77b4' : baselines.includes(name) ? '#2ca02c' : '#9aa0a6';
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escapeXml(name)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2" fill="${fill}"/>`,
      `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + 13}">${short(ratio)} ×</text>`,
    ].join('');
  });
  const subtitle = [
    `multiples of: ${baselines[0]}`,
    isHigherBetter ? 'longer is better' : 'shorter is better',
    ...(scale.isLogarithmic ? ['logarithmic'] : []),
  ].join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#7a7f87">`,
    `<title>${escapeXml(title)}</title>`,
    `<text x="8" y="20" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
    `<text x="8" y="40">${escapeXml(subtitle)}</text>`,
    ...bars,
    '</svg>\n',
  ].join('\n');
}

function createScale(ratios) {
  const room = WIDTH - LEFT - RIGHT;
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const isLogarithmic = most / least > LOGARITHMIC_FROM;
  // Half a decade below the least: the shortest bar has to be seen.
  const origin = Math.log10(least) - 0.5;
  const span = Math.log10(most) - origin;
  const lengthOf = (ratio) =>
    isLogarithmic ? (room * (Math.log10(ratio) - origin)) / span : (room * ratio) / most;
  return { isLogarithmic, lengthOf };
}

export function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
