// Updates the page and explains a pasted token. Browsers run this file unchanged.
import { decodeToken, digestOfName, judgeToken, revocableNames } from './explain-token.js';

/** @typedef {import('./explain-token.js').DecodedToken} DecodedToken */
/** @typedef {import('./explain-token.js').Explanation} Explanation */
/** @typedef {{ at: string, state: string, sentence: string, parts: Record<string, string> }} Update */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const state = byId('state');
const updated = byId('updated');
const pause = byId('pause');
const output = byId('explanation');
const field = /** @type {HTMLTextAreaElement} */ (byId('token'));
const controls = ['token', 'explain', 'clear'].map((id) => /** @type {HTMLButtonElement} */ (byId(id)));
const reconnectMs = 5000;
let paused = false;
/** @type {EventSource} */
let events;

/** @param {Update} update */
function showUpdate({ at, state: name, sentence, parts }) {
  for (const [part, markup] of Object.entries(parts)) {
    const place = document.querySelector(`[data-live="${part}"]`);
    if (place) place.innerHTML = markup;
  }
  // Written only on a change: screen readers read every write aloud.
  if (state.textContent !== sentence) state.textContent = sentence;
  state.dataset.state = name;
  document.title = `${name} · Revocast sidecar`;
  updated.textContent = `As of ${at} UTC`;
  updated.className = '';
}

function follow() {
  events = new EventSource('/console/events');
  events.addEventListener('message', ({ data }) => showUpdate(JSON.parse(data)));
  events.addEventListener('replaced', () => {
    events.close();
    updated.textContent += ': later pages get the updates; reload this one to continue';
    updated.className = 'lost';
  });
  events.addEventListener('error', () => {
    // The page may be out of date from now on.
    if (!updated.className) updated.textContent += ': no connection to the sidecar since then';
    updated.className = 'lost';
    if (events.readyState === EventSource.CLOSED && !paused) setTimeout(follow, reconnectMs);
  });
}

pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  if (!paused) {
    follow();
    return;
  }
  events.close();
  updated.textContent += ', paused';
});
follow();

/**
 * @param {string} name
 * @param {string} text
 * @param {Record<string, string>} [attributes]
 */
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** @param {string} sentence */
function refuse(sentence) {
  output.replaceChildren(element('p', sentence, { class: 'verdict', 'data-tone': 'unknown' }));
}

const columns = ['Dimension', 'From', 'Digest', 'Rule'];

/** @param {Explanation['rows']} rows */
function tableOf(rows) {
  const table = document.createElement('table');
  const head = element('tr', '');
  head.append(...columns.map((column) => element('th', column, { scope: 'col' })));
  table.createTHead().append(head);
  const lines = rows.map(({ dimension, from, digest, denied, words }) => {
    const line = element('tr', '');
    const cells = [
      element('th', dimension, { scope: 'row' }),
      element('td', from),
      element('td', `${digest.slice(0, 8)}…`, { class: 'digest' }),
      element('td', words, denied ? { class: 'bad' } : {}),
    ];
    for (const [index, cell] of cells.entries()) cell.setAttribute('data-label', columns[index] ?? '');
    line.append(...cells);
    return line;
  });
  table.createTBody().append(...lines);
  return table;
}

/**
 * @param {DecodedToken} token
 * @param {Explanation} explanation
 */
function showExplanation({ header, claims }, { tone, verdict, notes, rows }) {
  const list = element('ul', '');
  list.append(...notes.map((note) => element('li', note)));
  const parts = Object.entries({ Header: header, Claims: claims }).flatMap(([title, part]) => [
    element('h3', title),
    element('pre', JSON.stringify(part, null, 2), { tabindex: '0', 'aria-label': title }),
  ]);
  const sentence = element('p', verdict, { class: 'verdict', 'data-tone': tone });
  output.replaceChildren(sentence, list, tableOf(rows), ...parts);
}

async function explain() {
  const token = decodeToken(field.value);
  if (typeof token === 'string') {
    refuse(token);
    return;
  }
  const issuer = String(token.claims['iss']);
  const found = await revocableNames(token);
  const names = await Promise.all(found.map(async (name) => ({ ...name, digest: await digestOfName(issuer, name) })));
  const digests = [...new Set(names.map(({ digest }) => digest))];
  // Without an issuer there is no digest. The request is still sent: its answer contains the freshness.
  const query = (digests.length === 0 ? ['0'.repeat(32)] : digests).map((digest) => `d=${digest}`).join('&');
  const response = await fetch(`/console/digests?${query}`);
  if (response.ok) showExplanation(token, judgeToken(token, names, await response.json()));
  else refuse(`The sidecar answered ${response.status}.`);
}

function clear() {
  field.value = '';
  output.replaceChildren();
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  explain().catch(() => refuse('The sidecar did not answer.'));
});
byId('clear').addEventListener('click', () => {
  clear();
  field.focus();
});
// A browser may keep the page in its history, and the token must not stay there.
addEventListener('pagehide', clear);
if (globalThis.crypto?.subtle) for (const control of controls) control.disabled = false;
else refuse('Browsers compute digests on secure pages only. Open the page as http://localhost, by a port-forward.');
