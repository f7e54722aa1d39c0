// Shows what the server tells at /events. Each event holds everything, so a lost one is no loss.

const SVG = 'http://www.w3.org/2000/svg';
const NEWS_INTERVAL = 2000;
const TABLE_ROUNDS = 30;

const byId = id => document.getElementById(id);
const time = at => new Date(at).toLocaleTimeString([], { hour12: false });
const number = value => value === null ? 'none' : value.toFixed(2);
const words = name => name.replace(/(?<=[a-z])[A-Z]/g, letter => ' ' + letter.toLowerCase());
const setText = (element, text) => { if (element.textContent !== `${text}`) element.textContent = text; };

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Rows stay the same elements while their client stays, so that what is focused, selected or read aloud is not torn away.
class Rows {
  #body;
  #columns;
  #empty;
  #rows = new Map();

  constructor(body, columns, empty) {
    this.#body = body;
    this.#columns = columns;
    this.#empty = make('tr', {}, make('td', { colspan: columns.length, class: 'empty' }, empty));
    body.append(this.#empty);
  }

  show(items, keyOf) {
    const gone = new Set(this.#rows.keys());
    items.forEach((item, index) => {
      const key = keyOf(item);
      gone.delete(key);
      let row = this.#rows.get(key);
      if (!row) {
        row = make('tr', {}, ...this.#columns.map(column => column.create()));
        this.#rows.set(key, row);
      }
      this.#columns.forEach((column, i) => column.update(row.cells[i], item));
      if (this.#body.children[index] !== row) this.#body.insertBefore(row, this.#body.children[index] ?? null);
    });
    for (const key of gone) {
      this.#rows.get(key).remove();
      this.#rows.delete(key);
    }
    if (items.length === 0) this.#body.append(this.#empty);
    else this.#empty.remove();
  }
}

const column = (textOf, attributes = {}, tag = 'td') => ({
  create: () => make(tag, attributes),
  update: (cell, item) => setText(cell, textOf(item)),
});
const heading = textOf => column(textOf, { scope: 'row' }, 'th');
const numeric = textOf => column(textOf, { class: 'number' });

const stateColumn = {
  create: () => make('td'),
  update(cell, client) {
    setText(cell, client.waits ? 'waits for its round' : 'ready');
    cell.className = client.waits ? 'wait' : '';
  },
};

// Eight small fields whose depth follows the eight digits, so that a change is seen and not only read.
const fingerprintColumn = {
  create() {
    const fields = Array.from({ length: 8 }, (_, i) => draw('rect', { x: i * 7, width: 6, height: 13, rx: 1 }));
    return make('td', { class: 'fingerprint' }, draw('svg', { width: 55, height: 13, 'aria-hidden': 'true' }, ...fields), make('code'));
  },
  update(cell, client) {
    const [fields, code] = cell.children;
    if (code.textContent === client.fingerprint) return;
    const isChange = code.textContent !== '';
    setText(code, client.fingerprint);
    [...fields.children].forEach((field, i) => field.setAttribute('opacity', 0.12 + 0.88 * parseInt(client.fingerprint[i], 16) / 15));
    if (isChange) {
      code.classList.remove('changed');
      requestAnimationFrame(() => code.classList.add('changed'));
    }
  },
};

const clientRows = new Rows(byId('client-rows'), [
  heading(client => client.client),
  column(client => client.suite),
  numeric(client => client.epoch ?? 'none'),
  numeric(client => client.round || 'none'),
  numeric(client => client.steps),
  fingerprintColumn,
  stateColumn,
  column(client => client.remote),
], 'No client is connected.');

const roundRows = new Rows(byId('rounds'), [
  { ...heading(round => round.number), create: () => make('th', { scope: 'row', class: 'number' }) },
  column(round => time(round.closedAt)),
  numeric(round => number(round.aggregate)),
  numeric(round => round.clients),
  numeric(round => round.numbers),
  column(round => words(round.reason)),
], 'No round was closed yet.');

const reasonRows = new Rows(byId('reasons'), [
  { ...heading(reason => words(reason.reason)), create: () => make('th', { scope: 'row', class: 'reason' }) },
  column(reason => `in the ${reason.stage.toLowerCase()}`),
  numeric(reason => reason.count),
], 'Nothing was refused so far.');

function showFailures(failures) {
  const list = byId('failure-list');
  let known = list.firstElementChild?.value ?? 0;
  if (known > (failures[0]?.number ?? 0)) {
    list.replaceChildren(); // the server was started anew and counts from one again
    known = 0;
  }
  const fresh = failures.filter(failure => failure.number > known);
  list.prepend(...fresh.map(failure => make('li', { value: failure.number },
    make('time', { datetime: failure.at }, time(failure.at)),
    make('span', { class: 'reason' }, words(failure.reason)),
    ` ${failure.who}`,
    make('p', {}, failure.detail.replace(`${failure.reason}: `, '')))));
  while (list.children.length > failures.length) list.lastElementChild.remove();
}

// Round steps of 1, 2 or 5 times a power of ten, about four of them.
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function plot(rounds) {
  const svg = byId('plot');
  const points = rounds.filter(round => round.aggregate !== null)
    .map(round => ({ at: new Date(round.closedAt).getTime(), value: round.aggregate, round: round.number }));
  if (points.length === 0) {
    svg.replaceChildren();
    svg.setAttribute('aria-label', 'No round was closed yet.');
    return;
  }

  const width = svg.clientWidth, height = 220, left = 56, right = 14, top = 12, bottom = 26;
  const values = points.map(point => point.value);
  let low = Math.min(...values), high = Math.max(...values);
  const margin = (high - low) * 0.08 || Math.max(Math.abs(high) * 0.05, 0.5);
  low -= margin;
  high += margin;
  const begin = points[0].at, span = Math.max(points.at(-1).at - begin, 1);
  const x = at => points.length === 1 ? (left + width - right) / 2 : left + (at - begin) / span * (width - left - right);
  const y = value => top + (high - value) / (high - low) * (height - top - bottom);

  const grid = ticks(low, high).flatMap(tick => [
    draw('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    draw('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, `${+tick.toPrecision(6)}`),
  ]);
  const times = points.length === 1 ? [[points[0], 'middle']] : [[points[0], 'start'], [points.at(-1), 'end']];
  const axis = times.map(([point, anchor]) => draw('text', { x: x(point.at), y: height - 6, 'text-anchor': anchor }, time(point.at)));
  const curve = draw('polyline', { class: 'curve', points: points.map(point => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`).join(' ') });
  const marks = points.map((point, i) => draw('circle', {
    class: i === points.length - 1 ? 'point last' : 'point', r: points.length > 60 ? 2 : 3.5, cx: x(point.at), cy: y(point.value),
  }, draw('title', {}, `Round ${point.round}: ${number(point.value)} at ${time(point.at)}`)));
  svg.replaceChildren(...grid, ...axis, curve, ...marks);
  svg.setAttribute('aria-label', `Aggregates of the last ${points.length} rounds, from ${number(Math.min(...values))} to `
    + `${number(Math.max(...values))}; the last is ${number(values.at(-1))} in round ${points.at(-1).round}.`);
}

// Said one sentence at a time and not too often: a screen reader reads each of them out.
let pendingNews = [];
let newsTimer;

function tell(...news) {
  pendingNews.push(...news);
  if (news.length > 0 && newsTimer === undefined) sayNews();
}

function sayNews() {
  newsTimer = undefined;
  if (pendingNews.length === 0) return;
  const rest = pendingNews.length - 3;
  byId('news').textContent = pendingNews.slice(0, 3).join(' ') + (rest > 0 ? ` And ${rest} more.` : '');
  pendingNews = [];
  newsTimer = setTimeout(sayNews, NEWS_INTERVAL);
}

function difference(before, after) {
  if (!before) return after.clientCount > 0 ? [`Clients that are connected: ${after.clientCount}.`] : [];
  const namesOf = view => new Set(view.clients.map(client => client.client));
  const [was, is] = [namesOf(before), namesOf(after)];
  return [
    ...after.failures.filter(failure => failure.number > before.failureCount).map(failure => `Refused: ${words(failure.reason)}, ${failure.who}.`),
    ...[...is].filter(name => !was.has(name)).map(name => `Client ${name} joined.`),
    ...[...was].filter(name => !is.has(name)).map(name => `Client ${name} left.`),
  ];
}

function show(view) {
  setText(byId('server'), `Protocol ${view.server.protocol}, ${view.server.aggregate} of each round, ${view.server.rule}`);
  setText(byId('client-count'), view.clientCount);
  setText(byId('rounds-closed'), view.roundsClosed);
  setText(byId('last-aggregate'), number(view.rounds.at(-1)?.aggregate ?? null));
  setText(byId('failure-count'), view.failureCount);
  byId('failure-figure').toggleAttribute('data-some', view.failureCount > 0);
  setText(byId('open-round'), view.open
    ? `Round ${view.open.number} is open: ${view.open.clients} of ${view.open.present} clients have contributed.`
    : 'No round is open.');

  const byName = (a, b) => a.client.localeCompare(b.client, undefined, { numeric: true });
  clientRows.show([...view.clients].sort(byName), client => `${client.client} ${client.remote}`);
  const hidden = view.clientCount - view.clients.length;
  byId('more-clients').hidden = hidden === 0;
  setText(byId('more-clients'), `And ${hidden} more.`);
  roundRows.show(view.rounds.slice(-TABLE_ROUNDS).reverse(), round => `${round.number} ${round.closedAt}`);
  reasonRows.show(view.reasons, reason => `${reason.stage} ${reason.reason}`);
  showFailures(view.failures);
  plot(view.rounds);
}

let newest;
let shown;
let paused = false;

function refresh() {
  if (!newest || paused) return;
  tell(...difference(shown, newest));
  show(newest);
  shown = newest;
}

function setConnection(state) {
  byId('connection').dataset.state = state;
  setText(byId('connection'), state);
}

byId('pause').addEventListener('click', event => {
  paused = !paused;
  event.target.setAttribute('aria-pressed', paused);
  refresh();
});
new ResizeObserver(() => { if (shown) plot(shown.rounds); }).observe(byId('plot'));

const events = new EventSource('/events');
events.addEventListener('open', () => setConnection('live'));
events.addEventListener('error', () => setConnection(events.readyState === EventSource.CLOSED ? 'disconnected' : 'reconnecting'));
events.addEventListener('view', event => {
  newest = JSON.parse(event.data);
  refresh();
});
