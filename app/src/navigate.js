// Navigation without leaving the document: regions are swapped, so the socket, the store and the islands around
// them stay. Without this script, and until the page is alive, every link and form works by itself.
// Absences: no state of the application is here; nothing is stored but scroll positions.
(() => {
  "use strict";
  const PENDING_MS = 150;   // a quicker answer needs no sign of waiting
  const SETTLED_MS = 120;   // scrolling has come to rest
  const IDLE_MS = 200;      // the longest a start waits for the browser to be idle
  const CHORD_MS = 1200;    // between the keys of "g d"
  const AGAIN_MS = 300;     // before a page that could not be fetched anew is tried again; doubles each time
  const LONGEST_MS = 15000; // up to this, spread over its upper half

  const root = document.documentElement;
  // isAlive: set by the wasm. refresh: called by it when events cannot bring the page up to date.
  const own = window.signalbox = { isAlive: false, refresh };
  let newest = 0;           // number of the newest visit; older ones are void
  let running = null;       // its AbortController, as long as it runs
  let again = null;         // what Retry does
  let owed = 0;             // the page is to be fetched anew: how often that was tried, and from 1 while it has not come
  let retry;                // the timer of the next try
  let shown = pageOf(location);

  root.dataset.script = "";

  // The wasm starts in an idle callback, and Chromium may keep those waiting for many seconds on a page at rest.
  const idle = window.requestIdleCallback;
  if (idle) window.requestIdleCallback = (callback, options) => idle.call(window, callback, { timeout: IDLE_MS, ...options });

  function pageOf(url) { return url.pathname + url.search; }
  const byId = id => id ? document.getElementById(id) : null;

  // ---- visiting

  // mode: push (a new place), replace, back (history has moved already), refresh (same place, newer content)
  async function visit(href, { mode = "push", request = {} } = {}) {
    const number = ++newest;
    running?.abort();
    running = new AbortController();
    again = () => visit(href, { mode, request });
    keepScroll();
    const waiting = setTimeout(() => pending(true), PENDING_MS);
    try {
      const response = await fetch(href, {
        ...request, signal: running.signal, credentials: "same-origin",
        headers: { Accept: "text/html" },
      });
      // Nobody asked for this page: one that says the server cannot make it is no better than the one that is read.
      if (mode === "refresh" && response.status >= 500) throw new Error(`The server answered ${response.status}.`);
      const isPage = (response.headers.get("content-type") || "").startsWith("text/html");
      if (!isPage) {
        if (response.ok && !request.method) { location.href = href; return; }
        throw new Error(`The server answered ${response.status}.`);
      }
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      if (number !== newest) return;
      if (!next.querySelector("main[data-region]") || build(next) !== build(document)) {
        // Another version of the product, or not a page of ours: a whole load, once.
        if (request.method) throw new Error(`The server answered ${response.status}.`);
        location.href = response.url;
        return;
      }
      await arrive(next, placeOf(response, href, request), mode);
      unreachable(null);
    } catch (error) {
      if (number === newest && error.name !== "AbortError") {
        if (mode === "back") shown = pageOf(location);
        // Said once, and not again over somebody who has read and dismissed it.
        if (mode !== "refresh" || owed === 1) unreachable(error);
      }
    } finally {
      clearTimeout(waiting);
      if (number === newest) { running = null; pending(false); refreshLater(); }
    }
  }

  // The page anew, where one is. A visit under way brings newer content anyway, if it brings any.
  function refresh() {
    owed ||= 1;
    if (!running) visit(location.href, { mode: "refresh" });
  }

  // Until it has come, or another page has: what is missing in this one comes by no other way.
  function refreshLater() {
    clearTimeout(retry);
    if (!owed) return;
    const pause = Math.min(AGAIN_MS * 2 ** (owed - 1), LONGEST_MS);
    retry = setTimeout(() => { if (owed && !running) { owed += 1; refresh(); } }, pause * (0.5 + Math.random() / 2));
  }

  // A form that was refused is answered by the page it belongs to, named by Location.
  function placeOf(response, href, request) {
    const named = request.method && !response.redirected && response.headers.get("location");
    const place = new URL(named || (response.redirected ? response.url : href), location.href);
    if (!request.method && !place.hash) place.hash = new URL(href, location.href).hash;
    return place;
  }

  // Two builds must not be mixed: the islands of one are unknown to the other's wasm.
  function build(doc) { return doc.querySelector("link[rel=modulepreload]")?.getAttribute("href"); }

  async function arrive(next, place, mode) {
    const samePath = place.pathname === location.pathname;
    const samePage = pageOf(place) === shown;
    const focused = document.activeElement?.id;
    const kept = mode === "refresh" ? keepState() : null;
    const y = samePage ? scrollY : mode === "back" ? history.state?.y || 0 : 0;
    for (const region of document.querySelectorAll("[data-region]")) {
      const fresh = next.querySelector(`[data-region="${CSS.escape(region.dataset.region)}"]`);
      if (fresh) region.replaceWith(document.adoptNode(fresh));
    }
    root.dataset.theme = next.documentElement.dataset.theme || "system";
    document.title = next.title;
    owed = 0;
    if (mode === "push" && !samePage) history.pushState({ y: 0 }, "", place);
    else if (mode !== "back" && mode !== "refresh") history.replaceState({ y }, "", place);
    shown = pageOf(place);
    for (const region of document.querySelectorAll("[data-region]"))
      for (const island of region.querySelectorAll("leptos-island"))
        await window.__hydrateIsland?.(island, island.dataset.component);
    if (kept) { kept(); byId(focused)?.focus({ preventScroll: true }); return; }
    settle(place, { y, focused: samePath ? focused : null, isBack: mode === "back" });
    announce(document.title);
  }

  // What was typed and what was opened, to be put back into the same place.
  function keepState() {
    const typed = [...document.querySelectorAll("main :is(input,textarea)[id]")].filter(field => field.value !== field.defaultValue);
    const texts = typed.map(field => [field.id, field.value]);
    const details = [...document.querySelectorAll("main details[id]")].map(one => [one.id, one.open]);
    return () => {
      for (const [id, text] of texts) {
        const field = byId(id);
        if (field) { field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); }
      }
      for (const [id, isOpen] of details) { const one = byId(id); if (one) one.open = isOpen; }
    };
  }

  // Where one stands after arriving: an error first, then the anchor, then where one was, then the heading.
  function settle(place, { y, focused, isBack }) {
    const problem = byId("form-problem");
    const anchor = !isBack && byId(decodeURIComponent(place.hash.slice(1)));
    scrollTo({ top: y, behavior: "instant" });
    if (problem) { problem.scrollIntoView({ block: "nearest" }); problem.focus({ preventScroll: true }); return; }
    if (anchor) { reveal(anchor); return; }
    (byId(focused) || document.querySelector("main h1"))?.focus({ preventScroll: true });
  }

  function reveal(target) {
    for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
    target.scrollIntoView({ block: "start", behavior: calm() ? "instant" : "smooth" });
    const focusable = target.matches("a,button,input,summary,[tabindex]") ? target : target.querySelector("summary,a");
    focusable?.focus({ preventScroll: true });
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // ---- what one is told

  function pending(isWaiting) {
    root.toggleAttribute("data-pending", isWaiting);
    document.querySelector("main")?.setAttribute("aria-busy", String(isWaiting));
  }

  function announce(text) {
    const announcer = byId("announcer");
    announcer.textContent = "";
    setTimeout(() => { announcer.textContent = text; }, 50);
  }

  // The page stays; it is said from when it is.
  function unreachable(error) {
    const bar = byId("unreachable");
    if (!bar) return;
    bar.hidden = !error;
    if (!error) return;
    const at = new Date(Number(document.querySelector("main")?.dataset.now) || Date.now()).toTimeString().slice(0, 8);
    const reason = error.message.startsWith("The server answered") ? ` ${error.message}` : "";
    byId("unreachable-note").textContent = `${reason} This page was loaded at ${at}.`;
  }

  // ---- links, forms, history

  const isOurs = url => url.origin === location.origin && !/^\/(api|pkg)\//.test(url.pathname);

  addEventListener("click", event => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-retry]")) { again?.(); return; }
    if (target?.closest("[data-dismiss]")) { unreachable(null); return; }
    if (target?.closest("[data-keys]")) { byId("keys")?.showModal(); return; }
    const link = target?.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
    const href = typeof link.href === "string" ? link.href : link.href.baseVal;   // SVG links
    const url = new URL(href, location.href);
    const stays = link.hasAttribute("target") || link.hasAttribute("download") || /\bexternal\b/.test(link.getAttribute("rel") || "");
    if (stays || !isOurs(url)) return;
    if (pageOf(url) === shown && url.hash) {
      const anchor = byId(decodeURIComponent(url.hash.slice(1)));
      if (!anchor) return;
      event.preventDefault();
      keepScroll();
      if (url.hash !== location.hash) history.pushState({ y: scrollY }, "", url);
      reveal(anchor);
      return;
    }
    if (!own.isAlive) return;
    event.preventDefault();
    visit(url.href, { mode: pageOf(url) === shown ? "replace" : "push" });
  });

  addEventListener("submit", event => {
    const form = event.target;
    if (!own.isAlive || event.defaultPrevented || form.method === "dialog" || form.hasAttribute("target")) return;
    const url = new URL(event.submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href, location.href);
    if (url.origin !== location.origin || form.enctype === "multipart/form-data") return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    if (form.method === "post") {
      visit(url.href, { request: { method: "POST", body: fields } });
    } else {
      for (const [name, value] of [...fields]) if (!value) fields.delete(name);
      url.search = fields.toString();
      visit(url.href);
    }
  });

  addEventListener("popstate", () => {
    if (pageOf(location) === shown) {
      const anchor = byId(decodeURIComponent(location.hash.slice(1)));
      if (history.state?.y !== undefined) scrollTo({ top: history.state.y, behavior: "instant" });
      else if (anchor) reveal(anchor);
      return;
    }
    if (own.isAlive) visit(location.href, { mode: "back" });
    else location.reload();
  });

  function keepScroll() {
    // When Back has moved history already, the position belongs to another entry.
    if (pageOf(location) === shown) history.replaceState({ ...history.state, y: scrollY }, "");
  }

  let resting;
  addEventListener("scroll", () => { clearTimeout(resting); resting = setTimeout(keepScroll, SETTLED_MS); }, { passive: true });
  // Within the document we restore positions ourselves, since content comes later; across documents the browser does.
  addEventListener("pageshow", () => { history.scrollRestoration = "manual"; });
  addEventListener("pagehide", () => { history.scrollRestoration = "auto"; });

  // ---- keys

  let chord = 0;
  addEventListener("keydown", event => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input,textarea,select,[contenteditable],dialog")) return;
    const now = performance.now();
    // The rail says which key leads where, and only to what is theirs.
    const place = now - chord < CHORD_MS && document.querySelector(`.rail [data-chord="${CSS.escape(event.key)}"]`);
    if (place) {
      chord = 0;
      event.preventDefault();
      place.click();
    } else if (event.key === "g") {
      chord = now;
    } else if (event.key === "?") {
      event.preventDefault();
      byId("keys")?.showModal();
    } else if (event.key === "/" && byId("search")) {
      event.preventDefault();
      byId("search").select();
    }
  });
})();
