// What a form cannot do: figures that stay fresh, questions as dialogs, events as they
// pass. Without this script every page works, and changes when it is loaded again.
'use strict';

const refreshEvery = 5000;
const keptRows = 300;
const keptSize = 4 << 20; // characters of the events' texts

// load fetches a page as a document. Unlike DOMParser, XMLHttpRequest does so under
// require-trusted-types-for.
function load(url) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', url);
    request.setRequestHeader('Refresh', 'script');
    request.responseType = 'document';
    request.onload = () => (request.response ? resolve(request.response) : reject(new Error('no page')));
    request.onerror = reject;
    request.send();
  });
}

// freshen makes one element like another, and leaves alone what has the focus.
function freshen(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (!old.contains(document.activeElement)) old.replaceWith(document.importNode(fresh, true));
  else if (old.children.length === fresh.children.length) [...old.children].forEach((child, i) => freshen(child, fresh.children[i]));
}

async function refresh() {
  if (document.hidden || document.querySelector('dialog[open]')) return;
  try {
    const fresh = await load(location.href.split('#')[0]);
    if (fresh.querySelector('#main').dataset.page !== document.querySelector('#main').dataset.page) location.reload(); // signed out
    for (const old of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(old.id);
      if (next) freshen(old, next);
    }
  } catch { /* the collector is away: the next try may find it */ }
}

if (document.querySelector('[data-live]')) {
  setInterval(refresh, refreshEvery);
  document.addEventListener('visibilitychange', refresh);
}

// ask shows the question that a page asks before something is done.
async function ask(url, opener) {
  try {
    const question = (await load(url)).getElementById('ask');
    if (!question) throw new Error('no question');
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-labelledby', 'ask-title');
    dialog.append(document.importNode(question, true));
    dialog.addEventListener('close', () => { dialog.remove(); opener.focus(); });
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || event.target.closest('[data-close]')) { event.preventDefault(); dialog.close(); }
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector('#name') || dialog.querySelector('button')).focus();
  } catch {
    location.assign(url);
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if ('ask' in form.dataset) {
    event.preventDefault();
    const back = form.elements.back ? '?' + new URLSearchParams({ back: form.elements.back.value }) : '';
    ask(form.getAttribute('action') + back, event.submitter);
  } else if (form.method === 'post' && event.submitter) {
    event.submitter.setAttribute('aria-busy', 'true');
  }
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-ask]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(link.getAttribute('href'), link);
});

// The events as they pass.
const list = document.getElementById('events');
if (list) {
  const live = document.getElementById('live');
  const pause = document.getElementById('pause');
  const missed = document.getElementById('missed');
  const blank = document.getElementById('event').content.firstElementChild;
  let source;
  let next = list.dataset.next;
  let lost = 0;
  let size = 0;

  const row = (e) => {
    const element = blank.cloneNode(true);
    const [time, action, status, project, who, request] = element.querySelector('summary').children;
    time.textContent = e.time;
    action.textContent = e.action;
    status.firstElementChild.className = 'state ' + e.kind;
    status.querySelector('use').setAttribute('href', '#i-' + e.kind);
    status.querySelector('.state span').textContent = e.status;
    project.prepend(e.project);
    project.querySelector('.to').textContent = ' → ' + e.to;
    who.textContent = e.who;
    request.textContent = e.request;
    element.querySelector('pre').textContent = e.json;
    return element;
  };
  const sizeOf = (element) => (element.matches('.event') ? element.querySelector('pre').textContent.length : 0);

  const show = (batch) => {
    list.querySelector('.none')?.remove();
    for (const e of batch.rows || []) {
      list.querySelector('.heads').after(row(e));
      size += e.json.length;
    }
    while (list.children.length > 2 && (list.children.length > keptRows || size > keptSize)) {
      size -= sizeOf(list.lastElementChild);
      list.lastElementChild.remove();
    }
    lost += batch.missed;
    const rate = batch.rate < 10 ? batch.rate.toFixed(1) : Math.round(batch.rate).toLocaleString('en');
    missed.textContent = [batch.rate && `${rate} a second`, lost && `${lost.toLocaleString('en')} not shown`].filter(Boolean).join('; ');
  };
  const open = () => {
    source = new EventSource('/activity/events?' + new URLSearchParams([...new URLSearchParams(list.dataset.query), ['from', next]]));
    source.onmessage = (message) => { next = message.lastEventId; show(JSON.parse(message.data)); };
    source.onopen = () => { live.lastElementChild.textContent = 'Live'; };
    source.onerror = () => {
      live.lastElementChild.textContent = 'Connecting';
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (source) { refresh(); open(); } }, 5000);
    };
  };
  const close = () => { source?.close(); source = undefined; };
  const paused = () => pause.getAttribute('aria-pressed') === 'true';
  const update = () => {
    close();
    if (!paused() && !document.hidden) open();
    live.classList.toggle('paused', paused());
    live.lastElementChild.textContent = paused() ? 'Paused' : 'Live';
    pause.textContent = paused() ? 'Resume' : 'Pause';
  };

  document.getElementById('reload').hidden = true;
  live.hidden = pause.hidden = false;
  pause.addEventListener('click', () => { pause.setAttribute('aria-pressed', String(!paused())); update(); });
  document.addEventListener('visibilitychange', update);
  document.getElementById('filter').addEventListener('change', (event) => event.currentTarget.requestSubmit());
  for (const element of list.querySelectorAll('.event')) size += sizeOf(element);
  update();
}
