// Around every page: search, keys, theme, title, and the beat that finds new builds and retries what failed.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const unchanged = () => window.dash_clientside.no_update;
  const BEATS_PER_PULSE = 5;

  clientside.shell = {
    goToTicker(ticker) {
      if (!ticker) return [unchanged(), unchanged(), unchanged()];
      const onChart = ["/", "/chart"].includes(window.location.pathname);
      const params = new URLSearchParams(onChart ? window.location.search : "");
      params.set("ticker", ticker);
      if (document.activeElement) document.activeElement.blur();
      // Staying on the page keeps its path: "/" and "/chart" are the same page.
      return [onChart ? unchanged() : "/chart", "?" + params.toString(), null];
    },

    beat(count) {
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
      takeFirst(box, box.value, 200);
    },
    true
  );

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const box = searchBox();
      if (box) { box.focus(); box.click(); }
    } else if (event.key === "Escape" && event.target === searchBox()) {
      event.target.blur();
    }
  });

  new MutationObserver(() => {
    const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
    if (window.dash_clientside.set_props) window.dash_clientside.set_props("color-scheme", { data: scheme });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
})();
