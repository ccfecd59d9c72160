/** Puts charts of Observable Plot side by side into one SVG, under a title and a legend. */
import domino from '@mixmark-io/domino';
import * as Plot from '@observablehq/plot';

/** @typedef {{ title: string, options: Plot.PlotOptions }} Panel */
/** @typedef {{ label: string, colour: string }} Entry of the legend */

const FONT = 'system-ui, sans-serif';
const GAP = 16;
const LEGEND_COLUMN = 230;

/**
 * @param {{ title: string, subtitle?: string, legend?: readonly Entry[], columns: number, panelWidth: number, panels: readonly Panel[] }} picture
 *   the options of a panel give its height
 * @returns {string} SVG
 */
export function grid({ title, subtitle = '', legend = [], columns, panelWidth, panels }) {
  const width = columns * panelWidth + (columns + 1) * GAP;
  const legendColumns = Math.max(1, Math.floor((width - 2 * GAP) / LEGEND_COLUMN));
  const legendTop = subtitle === '' ? 50 : 68;
  const header = legendTop + Math.ceil(legend.length / legendColumns) * 18 + 4;
  /** @type {string[]} */
  const body = [];
  let top = header;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    const left = (/** @type {number} */ index) => GAP + index * (panelWidth + GAP);
    row.forEach((panel, index) => {
      body.push(text(left(index), top + 14, panel.title, 'font-size="13" font-weight="bold"'));
      body.push(`<g transform="translate(${left(index)} ${top + 20})">${drawPanel(panel, panelWidth)}</g>`);
    });
    top += Math.max(...row.map(({ options }) => options.height ?? 0)) + 20 + GAP;
  }
  const keys = legend.map(({ label, colour }, index) => {
    const x = GAP + (index % legendColumns) * LEGEND_COLUMN;
    const y = legendTop + Math.floor(index / legendColumns) * 18;
    return `<circle cx="${x + 5}" cy="${y - 4}" r="5" fill="${colour}"/>${text(x + 16, y, label, 'font-size="12"')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" font-family="${FONT}">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="white"/>
${text(GAP, 28, title, 'font-size="17" font-weight="bold"')}
${subtitle === '' ? '' : text(GAP, 47, subtitle, 'font-size="12"')}
${keys.join('\n')}
${body.join('\n')}
</svg>
`;
}

/**
 * @param {Panel} panel
 * @param {number} width
 * @returns {string}
 */
function drawPanel({ options }, width) {
  const document = domino.createDocument('<html></html>');
  const svg = Plot.plot({ ...options, width, document, style: { color: '#333' } });
  // It is serialised as HTML, whose names of characters XML does not know.
  return svg.outerHTML.replaceAll('&nbsp;', '&#160;');
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {string} attributes
 * @returns {string}
 */
function text(x, y, words, attributes) {
  return `<text x="${x}" y="${y}" fill="#333" ${attributes}>${escapeXml(words)}</text>`;
}

/** @param {string} words */
function escapeXml(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
