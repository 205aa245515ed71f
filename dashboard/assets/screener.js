// The screener's table in the browser: its filters and order stand in the address, its tickers are the arrows' order.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const h = (...args) => window.React.createElement(...args);
  let ordered = null; // the column that the rows were ordered by when they were last asked for
  const DEFAULT_SORT = "-average_dollar_volume_20d_usd";

  clientside.screener = {
    keep(request) {
      if (!request) return window.dash_clientside.no_update;
      const [first] = request.sortModel || [];
      const sort = first ? (first.sort === "desc" ? "-" : "") + first.colId : DEFAULT_SORT;
      const filter = Object.keys(request.filterModel || {}).length ? JSON.stringify(request.filterModel) : null;
      window.snowtapeAddress.put({ filter, sort: sort === DEFAULT_SORT ? null : sort });
      // The column that orders the rows is in sight, also where the table is wider than the screen.
      if (first && first.colId !== ordered) window.dash_ag_grid.getApi("screener-grid").ensureColumnVisible(first.colId);
      ordered = first && first.colId;
      return request;
    },

    list(response, request) {
      if (!response) return window.dash_clientside.no_update;
      const tickers = response.rowData.map((row) => row.ticker);
      try {
        const before = request && request.startRow > 0 ? JSON.parse(window.sessionStorage.getItem("snowtape-listed") || "[]") : [];
        window.sessionStorage.setItem("snowtape-listed", JSON.stringify([...new Set([...before, ...tickers])]));
      } catch { /* storage is off: arrows go by the alphabet */ }
      return tickers.length;
    },
  };

  cells.TickerCell = ({ value, data }) => {
    if (!value) return null;
    const link = h("a", { key: "a", href: "/chart?" + new URLSearchParams({ ticker: value, ...(data && data.session && { session: data.session }) }), "aria-label": `Chart of ${value}` }, value);
    const reason = data && data.override_reason;
    const said = `Overruled: ${reason}`;
    return reason ? [link, h("abbr", { key: "o", className: "st-overruled", title: said, "aria-label": said }, " O")] : link;
  };

  cells.SparkCell = ({ value, data }) => {
    if (!value || value.length < 2) return null;
    const [low, high] = [Math.min(...value), Math.max(...value)];
    const y = (close) => 23 - (20 * (close - low)) / (high - low || 1);
    const path = value.map((close, place) => `${place ? "L" : "M"}${((100 * place) / (value.length - 1)).toFixed(1)} ${y(close).toFixed(1)}`).join("");
    const move = ((value.at(-1) / value[0] - 1) * 100).toFixed(1);
    const said = `${data.ticker}: ${move}% over ${value.length} sessions`;
    return h(
      "svg",
      { className: "st-spark", viewBox: "0 0 100 26", preserveAspectRatio: "none", role: "img", "aria-label": said },
      h("title", null, said),
      h("path", { d: path, vectorEffect: "non-scaling-stroke" })
    );
  };
})();
