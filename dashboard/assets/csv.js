// CSV of exactly what a panel shows: its table's rows in their order and filter, or its graph's points in the window.
(function () {
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const isNumber = (text) => /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text);

  // A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers.
  function cell(value) {
    if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
    let text = String(value);
    if (/^[=+\-@\t\r]/.test(text.trimStart() || text) && !isNumber(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  const lines = (rows) => "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

  function save(name, rows) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines(rows)], { type: "text/csv;charset=utf-8" }));
    link.download = name.replace(/[^A-Za-z0-9._-]+/g, "-") + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function gridRows(root) {
    const api = window.dash_ag_grid.getApi(root.closest("[id]").id);
    const columns = api.getAllDisplayedColumns().filter((column) => !(column.getColDef().context || {}).isSkippedInCsv);
    const rows = [columns.map((column) => api.getDisplayNameForColumn(column, null))];
    api.forEachNodeAfterFilterAndSort((node) => {
      rows.push(columns.map((column) => api.getCellValue({ rowNode: node, colKey: column })));
    });
    return rows;
  }

  // One row of names: the last of the head, where another one groups columns.
  const tableRows = (table) => {
    const heads = table.tHead ? [...table.tHead.rows].slice(-1) : [];
    const body = [...table.rows].filter((row) => row.parentElement !== table.tHead);
    return [...heads, ...body].map((row) => [...row.cells].map((each) => each.dataset.value ?? each.textContent.trim()));
  };

  // A name with its unit: what the title of the values' axis says behind its comma, or the figure by itself.
  function named(plot, trace, name) {
    const axis = trace.yaxis || "y";
    const { units = {} } = plot.layout.meta || {};
    const title = ((plot.layout[axis.replace("y", "yaxis")] || {}).title || {}).text || "";
    const unit = units[axis] ?? title.split(", ").slice(1).join(", ");
    const said = trace.meta === "compare" ? `${name}, rebased` : name;
    return unit && !said.endsWith(`, ${unit}`) ? `${said}, ${unit}` : said;
  }

  // Names of columns are distinct: a name that was there already gets a number.
  const distinct = (heads) => heads.map((head, place) => {
    const before = heads.slice(0, place).filter((each) => each === head).length;
    return before ? `${head} (${before + 1})` : head;
  });

  const points = (values) => (values && values.bdata ? [] : [...(values || [])]);

  // Which x a point must have to be in sight: places on an axis of categories, values elsewhere.
  function window_(plot) {
    const axis = plot._fullLayout && plot._fullLayout.xaxis;
    if (!axis || axis.type !== "category") return () => true;
    const [from, to] = axis.range;
    return (_x, place) => place >= Math.ceil(from) && place <= Math.floor(to);
  }

  function plotRows(plot) {
    const seen = plot.data.filter((trace) => trace.visible !== false && trace.visible !== "legendonly");
    const matrix = seen.find((trace) => trace.z);
    if (matrix) {
      return [[(matrix.meta && matrix.meta.corner) || "", ...matrix.x], ...matrix.y.map((y, row) => [y, ...points(matrix.z[row])])];
    }
    const isIn = window_(plot);
    const keys = new Map();
    const heads = [((plot.layout.xaxis || {}).title || {}).text || (plot.layout.meta || {}).x || "x"];
    const add = (name, xs, ys) => {
      heads.push(name);
      xs.forEach((x, place) => {
        if (!isIn(x, place)) return;
        if (!keys.has(x)) keys.set(x, []);
        keys.get(x)[heads.length - 2] = ys[place];
      });
    };
    for (const trace of seen) {
      if (trace.type === "candlestick") {
        for (const name of ["open", "high", "low", "close"]) add(named(plot, trace, name), points(trace.x), points(trace[name]));
      } else add(named(plot, trace, trace.name || "y"), points(trace.x), points(trace.y));
    }
    const order = [...keys.keys()];
    if (order.every((x) => typeof x === "number")) order.sort((a, b) => a - b);
    return [distinct(heads), ...order.map((x) => [x, ...Array.from({ length: heads.length - 1 }, (_, place) => keys.get(x)[place])])];
  }

  // What the panel shows now, by the ending of its file's name: rows, of which the first has the columns' names. A graph
  // with a table beside it are two files.
  function files(panel) {
    const plot = panel.querySelector(".js-plotly-plot");
    const grid = panel.querySelector(".ag-root-wrapper");
    const table = panel.querySelector("table");
    const listed = grid ? gridRows(grid) : table && tableRows(table);
    const drawn = plot && plot.data && plotRows(plot);
    return Object.fromEntries([["", drawn || listed], ["table", drawn && listed]].filter(([, rows]) => rows));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-csv]");
    if (!button) return;
    const panel = document.getElementById(button.dataset.csv);
    if (!["ready", "stale"].includes(panel.dataset.state)) return;
    const { subject, session } = (panel.querySelector("[data-session]") || {}).dataset || {};
    for (const [ending, rows] of Object.entries(files(panel))) {
      save(["snowtape", panel.id, ending, subject, session].filter(Boolean).join("-"), rows);
    }
  });

  functions.csvCell = cell;
  window.snowtapeCsv = { cell, lines, files };
})();
