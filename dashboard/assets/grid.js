// Cells and theme of the tables. The theme's colours are the page's own variables, so dark and light need nothing here.
(function () {
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const h = (...args) => window.React.createElement(...args);
  const SIGNS = { pass: "✓", built: "✓", warn: "!", fail: "✕", error: "✕", skipped: "–" };

  functions.snowtapeTheme = (base) =>
    base.withParams({
      accentColor: "var(--st-accent)",
      backgroundColor: "var(--st-surface)",
      foregroundColor: "var(--st-ink)",
      headerBackgroundColor: "var(--st-surface)",
      headerTextColor: "var(--st-muted)",
      headerFontWeight: 500,
      borderColor: "var(--st-line)",
      rowHoverColor: "var(--st-hover)",
      wrapperBorder: false,
      headerColumnResizeHandleColor: "transparent",
      wrapperBorderRadius: 0,
      fontFamily: "inherit",
      fontSize: 13,
      headerFontSize: 12,
      cellHorizontalPadding: 12,
      browserColorScheme: "inherit",
    });

  // As dashboard/pages/format.py writes numbers: separators, a true minus sign, and no minus before a zero.
  functions.snowtapeNumber = (value, decimals) => {
    if (value === null || value === undefined) return "–";
    const digits = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    return value < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
  };
  functions.snowtapePrice = (value) => functions.snowtapeNumber(value, value !== null && Math.abs(value) < 1 ? 4 : 2);

  cells.StatusCell = ({ value }) =>
    h(
      "span",
      { className: "st-status" },
      h("span", { className: `st-badge st-is-${value}`, "aria-hidden": true }, SIGNS[value] || "?"),
      value
    );

  cells.CompleteCell = ({ value }) =>
    h(
      "span",
      { className: "st-status" },
      h(
        "span",
        { className: `st-badge st-is-${value === "complete" ? "pass" : "warn"}`, "aria-hidden": true },
        value === "complete" ? "✓" : "!"
      ),
      value
    );

  // One tick a run, oldest left: a low tick passed, a high one didn't, a gap wasn't run.
  cells.HistoryCell = ({ value }) => {
    const runs = value || [];
    const passed = runs.filter((status) => status === "pass").length;
    const ran = runs.filter(Boolean).length;
    const said = `${passed} of the last ${ran} runs passed`;
    return h(
      "span",
      { className: "st-ticks", role: "img", "aria-label": said, title: said },
      runs.map((status, place) => h("i", { key: place, className: status ? `st-is-${status}` : "st-is-none" }))
    );
  };

  // Where in the whole a part lies: its beginning and its length, each 0 to 1, and the seconds until it began.
  cells.SpanCell = ({ value }) => {
    if (!value) return null;
    const [from, length, seconds] = value;
    const said = `began after ${seconds.toFixed(1)} s`;
    return h(
      "span",
      { className: "st-span", role: "img", "aria-label": said, title: said },
      h("i", { style: { left: `${(100 * from).toFixed(2)}%`, width: `max(2px, ${(100 * length).toFixed(2)}%)` } })
    );
  };
})();
