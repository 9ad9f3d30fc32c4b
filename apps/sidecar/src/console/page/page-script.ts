import { type ClaimNames, decodeToken, digestOfName, judgeToken, revocableNames } from './explain-token.ts';

/** Every claim that a profile of `protect()` reads a dimension from. */
export const claimNames: ClaimNames = {
  token: ['jti', 'uti'],
  session: ['sid'],
  grant: ['grant_id', 'origin_jti'],
  subject: ['sub', 'uid', 'oid'],
  client: ['client_id', 'azp', 'cid', 'appid'],
  tenant: ['tid', 'org_id'],
};

/** What touches the document. No build step: browsers run it as it stands. */
const documentPart = `
const byId = (id) => document.getElementById(id);
const [state, updated, pause, form, field, output] =
  ['state', 'updated', 'pause', 'token-form', 'token', 'explanation'].map(byId);
let paused = false;

const showUpdate = ({ at, state: name, sentence, parts }) => {
  for (const [part, markup] of Object.entries(parts)) {
    const place = document.querySelector('[data-live="' + part + '"]');
    if (place) place.innerHTML = markup;
  }
  // Written only when it changes: a screen reader reads it aloud.
  if (state.textContent !== sentence) state.textContent = sentence;
  state.dataset.state = name;
  document.title = name + ' · Revocast sidecar';
  updated.textContent = 'As of ' + at + ' UTC';
  updated.className = '';
};

let events;
const follow = () => {
  events = new EventSource('/console/events');
  events.addEventListener('message', ({ data }) => showUpdate(JSON.parse(data)));
  events.addEventListener('error', () => {
    // What stands here is no longer what is.
    if (!updated.className) updated.textContent += ': no connection to the sidecar since then';
    updated.className = 'lost';
    if (events.readyState === EventSource.CLOSED && !paused) setTimeout(follow, 5000);
  });
};
pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  if (!paused) return follow();
  events.close();
  updated.textContent += ', paused';
});
follow();

const element = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const refuse = (sentence) => output.replaceChildren(element('p', sentence, { class: 'verdict', 'data-tone': 'unknown' }));

const showExplanation = ({ header, claims }, { tone, verdict, notes, rows }) => {
  const list = element('ul', '');
  list.append(...notes.map((note) => element('li', note)));
  const table = element('table', '');
  const columns = ['Dimension', 'From', 'Digest', 'What is held'];
  const head = element('tr', '');
  head.append(...columns.map((column) => element('th', column, { scope: 'col' })));
  table.createTHead().append(head);
  table.createTBody().append(...rows.map(({ dimension, from, digest, denied, words }) => {
    const row = element('tr', '');
    const cells = [
      element('th', dimension, { scope: 'row' }),
      element('td', from),
      element('td', digest.slice(0, 8) + '…', { class: 'digest' }),
      element('td', words, denied ? { class: 'bad' } : {}),
    ];
    cells.forEach((cell, index) => cell.setAttribute('data-label', columns[index]));
    row.append(...cells);
    return row;
  }));
  const shown = (title, part) => [element('h3', title), element('pre', JSON.stringify(part, null, 2), { tabindex: '0', 'aria-label': title })];
  output.replaceChildren(element('p', verdict, { class: 'verdict', 'data-tone': tone }), list, table,
    ...shown('Header', header), ...shown('Claims', claims));
};

const explain = async () => {
  const token = decodeToken(field.value);
  if (typeof token === 'string') return refuse(token);
  const issuer = token.claims.iss;
  const names = await Promise.all((await revocableNames(token, claimNames)).map(async (name) =>
    ({ ...name, digest: await digestOfName(issuer, name) })));
  const digests = [...new Set(names.map((name) => name.digest))];
  // Without an issuer nothing can be named; the answer still says how fresh the sidecar is.
  const query = (digests.length === 0 ? ['0'.repeat(32)] : digests).map((digest) => 'd=' + digest).join('&');
  const response = await fetch('/console/digests?' + query);
  if (!response.ok) return refuse('The sidecar answered ' + response.status + '.');
  showExplanation(token, judgeToken(token, names, await response.json()));
};
const clear = () => {
  field.value = '';
  output.replaceChildren();
};
form.addEventListener('submit', (event) => {
  event.preventDefault();
  explain().catch(() => refuse('The sidecar could not be asked.'));
});
byId('clear').addEventListener('click', () => {
  clear();
  field.focus();
});
// Nothing stays behind in the history of the browser.
addEventListener('pagehide', clear);
if (globalThis.crypto?.subtle) for (const id of ['token', 'explain', 'clear']) byId(id).disabled = false;
else refuse('Browsers compute digests on secure pages only: open this one as http://localhost (a port-forward does).');
`;

const functions = [decodeToken, revocableNames, digestOfName, judgeToken];

/** The whole script of the page; its hash stands in the content security policy. */
export const pageScript = `'use strict';
${functions.map(String).join('\n')}
const claimNames = ${JSON.stringify(claimNames)};
${documentPart}`;
