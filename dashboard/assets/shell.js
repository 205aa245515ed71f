// Around every page: search, keys, theme, title, and the beat that finds new builds and retries what failed.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const unchanged = () => window.dash_clientside.no_update;
  const BEATS_PER_PULSE = 5;
  let tickerPages = ["/chart"];
  let neighbours = [null, null];
  // The chart was at "/" once: an address of that time still leads to it.
  if (window.location.pathname === "/" && new URLSearchParams(window.location.search).has("ticker")) {
    window.history.replaceState(window.history.state, "", "/chart" + window.location.search);
  }
  const onTickerPage = () => tickerPages.includes(window.location.pathname.replace(/\/+$/, "") || "/");

  // As each page was left, for this tab: the navigation leads back to it. `ticker` goes along between pages that show one.
  let known = [];
  let left = { ticker: null, pages: {} };
  try { left = JSON.parse(window.sessionStorage.getItem("snowtape-left")) || left; } catch { /* storage is off: until a reload */ }
  const homeOf = (page) => page.paths.at(-1);
  const linkId = (page) => `nav-${homeOf(page).slice(1) || "home"}`;

  function remember() {
    const here = window.location.pathname.replace(/\/+$/, "") || "/";
    const page = known.find((each) => each.paths.includes(here));
    if (!page) return left;
    left.pages[homeOf(page)] = window.location.search;
    if (page.isTickers) left.ticker = new URLSearchParams(window.location.search).get("ticker");
    try { window.sessionStorage.setItem("snowtape-left", JSON.stringify(left)); } catch { /* storage is off */ }
    return left;
  }

  function hrefOf(page, { ticker, pages }) {
    const search = pages[homeOf(page)] || "";
    const params = new URLSearchParams(search);
    if (!page.isTickers || !ticker || params.get("ticker") === ticker) return homeOf(page) + search;
    // Another ticker has other sessions and expirations.
    for (const name of ["ticker", "session", "expiration"]) params.delete(name);
    const rest = params.toString().replaceAll("%2C", ",");
    return `${homeOf(page)}?${new URLSearchParams({ ticker })}${rest ? "&" + rest : ""}`;
  }

  // The controls write the address without Dash's knowing.
  window.addEventListener("snowtape-address", () => {
    remember();
    for (const page of known) {
      if (document.getElementById(linkId(page))) window.dash_clientside.set_props(linkId(page), { href: hrefOf(page, left) });
    }
  });

  clientside.shell = {
    nav(pages, path, _search) {
      if (!pages) return unchanged();
      known = pages;
      tickerPages = pages.filter((page) => page.isTickers).flatMap((page) => page.paths);
      const here = (path || "/").replace(/\/+$/, "") || "/";
      const left = remember();
      return pages.map((page) => {
        const props = { children: page.title, href: hrefOf(page, left), className: "st-nav-link" };
        if (page.paths.includes(here)) props.className += " st-nav-current";
        return { type: "Link", namespace: "dash_core_components", props: { ...props, id: linkId(page) } };
      });
    },

    goToTicker(ticker) {
      if (!ticker) return [unchanged(), unchanged(), unchanged()];
      const stays = onTickerPage();
      const params = new URLSearchParams(stays ? window.location.search : "");
      params.set("ticker", ticker);
      if (document.activeElement) document.activeElement.blur();
      return [stays ? unchanged() : "/chart", "?" + params.toString().replaceAll("%2C", ","), null];
    },

    keepNeighbours(pair) {
      neighbours = pair || [null, null];
      return unchanged();
    },

    // A panel that loads or is busy for two beats in a row says so, instead of a skeleton without a word.
    beat(count) {
      for (const panel of document.querySelectorAll("[data-state]")) {
        const isWaiting = panel.dataset.state === "loading" || panel.dataset.busy === "true";
        panel.dataset.waited = isWaiting ? +(panel.dataset.waited || 0) + 1 : 0;
      }
      if (document.hidden) return [unchanged(), unchanged()];
      const failed = document.querySelector('[data-state="failed"]') !== null;
      return [failed || count % BEATS_PER_PULSE === 0 ? count : unchanged(), failed ? count : unchanged()];
    },

    setTitle(title) {
      if (title) document.title = `${title} · Snowtape`;
      return title;
    },
  };

  // Mantine calls these by name (Select's filter and renderOption).
  const functions = (window.dashMantineFunctions = window.dashMantineFunctions || {});
  functions.keepAll = ({ options }) => options; // the server has filtered and ordered them
  functions.tickerOption = ({ option }) => {
    const h = window.React.createElement;
    const origin = option.origin === "market" ? null : h("span", { className: "st-option-origin" }, option.origin);
    return h(
      "div",
      { className: "st-option", "data-query": option.query },
      h("strong", null, option.value),
      h("span", { className: "st-option-name" }, option.name),
      origin
    );
  };

  const searchBox = () => document.querySelector(".st-search input");

  // Enter takes the first answer to what was typed, also when the answer is still on its way: never an older one's.
  const firstAnswer = (box) => {
    const list = document.getElementById(box.getAttribute("aria-controls"));
    const option = list && list.querySelector("[role=option]");
    const query = option && option.querySelector("[data-query]");
    return query && query.dataset.query === box.value.trim() ? option : null;
  };
  const takeFirst = (box, typed, triesLeft) => {
    if (document.activeElement !== box || box.value !== typed || triesLeft === 0) return;
    const option = firstAnswer(box);
    if (option) option.click();
    else setTimeout(() => takeFirst(box, typed, triesLeft - 1), 50);
  };
  document.addEventListener(
    "keydown",
    (event) => {
      const box = searchBox();
      if (event.key !== "Enter" || event.target !== box || !box.value.trim()) return;
      const list = document.getElementById(box.getAttribute("aria-controls"));
      if (list && list.querySelector("[data-combobox-selected]") && firstAnswer(box)) return; // chosen by arrow keys
      event.preventDefault();
      event.stopPropagation();
      takeFirst(box, box.value, 1200); // a minute: a warehouse that is suspended takes some seconds to resume
    },
    true
  );

  // Left and right: the ticker before and after, in the screener's order when it was listed there, else in the alphabet's.
  const OWN_ARROWS = "input, textarea, select, [contenteditable=true], [role=slider], [role=listbox], [role=tablist], .ag-root-wrapper";
  function stepTicker(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !onTickerPage()) return;
    if (event.target.closest && event.target.closest(OWN_ARROWS)) return;
    const step = event.key === "ArrowRight" ? 1 : -1;
    const shown = (document.title.split(" · ")[0] || "").trim();
    let listed = [];
    try { listed = JSON.parse(window.sessionStorage.getItem("snowtape-listed") || "[]"); } catch { /* storage is off */ }
    const place = listed.indexOf(shown);
    const next = place >= 0 ? listed[place + step] : neighbours[step > 0 ? 1 : 0];
    if (!next) return;
    event.preventDefault();
    window.dash_clientside.set_props("search", { value: next });
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const box = searchBox();
      if (box) { box.focus(); box.click(); }
    } else if (event.key === "Escape" && event.target === searchBox()) {
      event.target.blur();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      stepTicker(event);
    }
  });

  new MutationObserver(() => {
    const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
    if (window.dash_clientside.set_props) window.dash_clientside.set_props("color-scheme", { data: scheme });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
})();
