// The watchlists of the home page: kept in this browser, the one that is shown in the address too.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const unchanged = () => window.dash_clientside.no_update;
  const KEY = "snowtape-watchlists";
  const FIRST = "My watchlist";
  const TICKER = /^[A-Za-z0-9][A-Za-z0-9.:\-/]{0,31}$/;
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  // Names that were put into the field: it may say one again, late, as if somebody had typed it.
  const told = new Set();
  const isEcho = (name) => told.has(name) && document.activeElement?.id !== "home-list-name";
  const inOrder = (lists) => Object.keys(lists);

  // {lists: {name: [ticker, …]}, shown: name}, whatever storage holds.
  function stored() {
    try {
      const { lists, shown } = JSON.parse(window.localStorage.getItem(KEY)) || {};
      const kept = Object.entries(lists || {}).filter(([, tickers]) => Array.isArray(tickers));
      if (kept.length) return { lists: Object.fromEntries(kept), shown: lists[shown] ? shown : kept[0][0] };
    } catch { /* storage is off, or holds what isn't ours */ }
    return { lists: { [FIRST]: [] }, shown: FIRST };
  }

  function keep(state) {
    try { window.localStorage.setItem(KEY, JSON.stringify(state)); } catch { /* storage is off: until a reload */ }
    const tickers = state.lists[state.shown];
    window.snowtapeAddress.put({ list: state.shown === FIRST ? null : state.shown, watch: tickers.length ? tickers.join(",") : null });
    return state;
  }

  // A name that is free, or that has the same list.
  function nameFor(lists, wanted, tickers) {
    const name = wanted || FIRST;
    for (let number = 1; ; number++) {
      const tried = number === 1 ? name : `${name} (${number})`;
      if (!Object.hasOwn(lists, tried) || (tickers && (same(lists[tried], tickers) || !lists[tried].length))) return tried;
    }
  }

  clientside.watchlists = {
    // A list of the address is added to the browser's own; one of the same name that differs stays as it is.
    open(_search, spec) {
      const state = stored();
      const params = new URLSearchParams(window.location.search);
      const [name, most] = [(params.get("list") || "").slice(0, 40), spec.find((param) => param.name === "watch").most];
      const listed = (params.get("watch") || "").split(",").filter((each, place, all) => TICKER.test(each) && all.indexOf(each) === place);
      if (listed.length) {
        const tickers = listed.slice(0, most);
        state.shown = nameFor(state.lists, name, tickers);
        state.lists[state.shown] = tickers;
      } else if (Object.hasOwn(state.lists, name)) state.shown = name;
      return keep(state);
    },

    show(state) {
      if (!state) return [unchanged(), unchanged(), unchanged(), unchanged()];
      told.add(state.shown);
      return [inOrder(state.lists), state.shown, state.shown, state.lists[state.shown]];
    },

    change(chosen, name, tickers, _new, _remove, state) {
      if (!state) return unchanged();
      const by = (window.dash_clientside.callback_context.triggered_id || "").replace("home-", "");
      const { lists, shown } = { lists: { ...state.lists }, shown: state.shown };
      if (by === "list-new") {
        const fresh = nameFor(lists, `Watchlist ${inOrder(lists).length + 1}`);
        return keep({ lists: { ...lists, [fresh]: [] }, shown: fresh });
      }
      if (by === "list-remove") {
        delete lists[shown];
        if (!inOrder(lists).length) lists[FIRST] = [];
        return keep({ lists, shown: inOrder(lists)[0] });
      }
      if (by === "list" && chosen !== shown && Object.hasOwn(lists, chosen)) return keep({ lists, shown: chosen });
      if (by === "list-name" && !isEcho(name) && name && name.trim() && name.trim() !== shown) {
        const renamed = nameFor(lists, name.trim());
        const kept = Object.entries(lists).map(([each, listed]) => [each === shown ? renamed : each, listed]);
        return keep({ lists: Object.fromEntries(kept), shown: renamed });
      }
      if (by === "watch") {
        const typed = (tickers || []).map((each) => each.trim());
        const usable = typed.filter((each, place) => TICKER.test(each) && typed.indexOf(each) === place);
        if (same(usable, lists[shown]) && same(usable, tickers)) return unchanged();
        return keep({ lists: { ...lists, [shown]: usable }, shown });
      }
      return unchanged();
    },

    // A tile of the map that is a ticker opens its chart.
    tile(click) {
      const point = click && click.points && click.points[0];
      if (point && point.customdata) window.dash_clientside.set_props("url", { pathname: "/chart", search: "?" + new URLSearchParams({ ticker: point.customdata }) });
      return unchanged();
    },
  };
})();
