// The ticker page in the browser: address ↔ controls, painting the server's figure, the legend under the pointer.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const axis = () => window.snowtapeAxis;
  const RANGES = ["1m", "3m", "6m", "ytd", "1y", "all"];
  const LENGTHS = ["20", "50", "120"];
  const DEFAULTS = { range: "6m", sma: "20,50", prices: "adjusted" };
  const unchanged = () => window.dash_clientside.no_update;

  // What is drawn now; `window` is in slots and follows the user's panning.
  let drawn = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--st-${name}`).trim();
  const graph = () => document.querySelector("#chart-graph .js-plotly-plot");
  const trace = (figure, name) => figure.data.find((candidate) => candidate.meta === name);

  function readAddress() {
    const params = new URLSearchParams(window.location.search);
    const range = RANGES.includes(params.get("range")) ? params.get("range") : DEFAULTS.range;
    const wanted = (params.has("sma") ? params.get("sma") : DEFAULTS.sma).split(",");
    const basis = params.get("prices") === "unadjusted" ? "unadjusted" : DEFAULTS.prices;
    return [params.get("ticker"), range, LENGTHS.filter((length) => wanted.includes(length)), basis];
  }

  function writeAddress(range, overlays, basis) {
    const params = new URLSearchParams(window.location.search);
    const sma = LENGTHS.filter((length) => (overlays || []).includes(length)).join(",");
    const put = (name, value) => (value === DEFAULTS[name] ? params.delete(name) : params.set(name, value));
    put("range", range);
    put("sma", sma || "none");
    put("prices", basis);
    const search = params.toString().replaceAll("%2C", ",");
    const address = window.location.pathname + (search ? "?" + search : "");
    if (address !== window.location.pathname + window.location.search) {
      window.history.replaceState(window.history.state, "", address);
    }
    return address;
  }

  // The axes for a window: y fitted to what is visible, x labelled for the room there is.
  function axes(figure, overlays, span) {
    const price = trace(figure, "price");
    const lines = overlays.map((length) => trace(figure, `sma_${length}`).y);
    const width = (graph() || document.getElementById("chart-body")).clientWidth - 70;
    const labels = axis().ticks(price.x, span, width);
    const volume = axis().fit([trace(figure, "volume").y], span, 0);
    return {
      y: axis().fit([price.low, price.high, ...lines], span, 0.06),
      y2: [0, volume ? volume[1] * 1.08 : 1],
      vals: labels.vals,
      text: labels.text,
    };
  }

  function draw(base, range, overlays) {
    if (!base) {
      drawn = null;
      return unchanged();
    }
    const figure = structuredClone(base);
    const meta = figure.layout.meta;
    const sessions = trace(figure, "price").x;
    for (const each of figure.data) each.x = sessions;
    const key = [meta.ticker, range].join(" ");
    const span = drawn && drawn.key === key ? drawn.window : axis().rangeWindow(range, sessions);
    drawn = { key, figure: base, overlays: overlays || [], window: span };
    paint(figure, drawn.overlays);
    const fitted = axes(base, drawn.overlays, span);
    const { xaxis, yaxis, yaxis2 } = figure.layout;
    Object.assign(xaxis, { range: span, tickmode: "array", tickvals: fitted.vals, ticktext: fitted.text });
    yaxis.range = fitted.y;
    yaxis2.range = fitted.y2;
    // A finger on the chart must be able to scroll the page.
    if (window.matchMedia("(pointer: coarse)").matches) figure.layout.dragmode = false;
    describe(meta, sessions);
    return figure;
  }

  function paint(figure, overlays) {
    const [ink, muted, line, surface] = ["ink", "muted", "line", "surface"].map(colour);
    const [up, down] = [colour("up"), colour("down")];
    const price = trace(figure, "price");
    // Rising candles are hollow, falling ones filled: the colour is not the only sign.
    price.increasing = { line: { color: up, width: 1.2 }, fillcolor: surface };
    price.decreasing = { line: { color: down, width: 1.2 }, fillcolor: down };
    const rising = price.close.map((close, slot) => close >= price.open[slot]);
    const [upSoft, downSoft] = [colour("up-soft"), colour("down-soft")];
    trace(figure, "volume").marker = {
      color: rising.map((isUp) => (isUp ? upSoft : downSoft)),
      line: { width: 0 },
    };
    for (const length of LENGTHS) {
      const average = trace(figure, `sma_${length}`);
      average.line.color = colour(`sma-${length}`);
      average.visible = overlays.includes(length);
    }
    const { layout } = figure;
    // Not transparent: plotly draws a halo around the crosshair in what it takes for the background.
    layout.paper_bgcolor = layout.plot_bgcolor = surface;
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: muted };
    for (const name of ["xaxis", "yaxis", "yaxis2"]) {
      Object.assign(layout[name], { gridcolor: line, linecolor: line, spikecolor: muted, gridwidth: 1 });
    }
    for (const note of layout.annotations) {
      Object.assign(note, { bgcolor: surface, bordercolor: muted, font: { size: 11, color: ink } });
    }
    const last = price.close.length - 1;
    const tint = rising[last] ? up : down;
    layout.shapes = [
      {
        type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: price.close[last], y1: price.close[last],
        line: { color: tint, width: 1, dash: "dot" }, layer: "below",
      },
    ];
    layout.annotations.push({
      name: "last", xref: "paper", x: 1, xanchor: "left", yref: "y", y: price.close[last], showarrow: false,
      text: number(price.close[last]), bgcolor: tint, borderpad: 3, font: { size: 12, color: surface },
    });
  }

  function describe(meta, sessions) {
    const body = document.getElementById("chart-graph");
    if (!body) return;
    body.setAttribute("role", "img");
    body.setAttribute(
      "aria-label",
      `${meta.ticker}: ${sessions.length} daily bars, ${meta.basis}, from ${axis().title(sessions[0])} to ${axis().title(sessions.at(-1))}`
    );
  }

  // After panning or zooming: fit again without asking Dash.
  function refit(change) {
    const plot = graph();
    if (!drawn || !plot || !plot.isConnected || !(plot._fullLayout || {}).xaxis) return unchanged();
    if (change && !Object.keys(change).some((key) => key.startsWith("xaxis.range") || key === "autosize")) {
      return unchanged();
    }
    const span = plot.layout.xaxis.range.slice();
    drawn.window = span;
    const fitted = axes(drawn.figure, drawn.overlays, span);
    if (!fitted.y) return unchanged();
    window.Plotly.relayout(plot, {
      "yaxis.range": fitted.y,
      "yaxis2.range": fitted.y2,
      "xaxis.tickvals": fitted.vals,
      "xaxis.ticktext": fitted.text,
    });
    return unchanged();
  }

  const number = (value) => {
    const decimals = Math.abs(value) < 1 ? 4 : 2;
    return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  };
  const compact = (value) => new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);

  // The legend: the bar under the pointer, else the newest.
  function hover(hovered) {
    const target = document.getElementById("chart-legend");
    if (!target) return unchanged();
    target.replaceChildren();
    if (!drawn) return unchanged();
    const { figure, overlays } = drawn;
    const price = trace(figure, "price");
    const point = hovered && hovered.points && hovered.points[0];
    const found = point ? price.x.indexOf(point.x) : -1;
    const slot = found >= 0 ? found : price.x.length - 1;
    const add = (className, label, value) => {
      const item = document.createElement("span");
      item.className = className;
      if (label) item.appendChild(document.createElement("span")).textContent = label;
      item.appendChild(document.createElement("b")).textContent = value;
      target.appendChild(item);
      return item;
    };
    add("st-legend-session", "", axis().title(price.x[slot]));
    for (const name of ["open", "high", "low", "close"]) add("", name[0].toUpperCase(), number(price[name][slot]));
    if (slot > 0) {
      const change = (price.close[slot] / price.close[slot - 1] - 1) * 100;
      const sign = change > 0 ? "▲ +" : change < 0 ? "▼ −" : "■ ";
      add(change > 0 ? "st-up" : change < 0 ? "st-down" : "", "", `${sign}${Math.abs(change).toFixed(2)}%`);
    }
    add("", "Vol", compact(trace(figure, "volume").y[slot]));
    for (const length of overlays) {
      const value = trace(figure, `sma_${length}`).y[slot];
      const item = add("", `SMA ${length}`, value === null ? "–" : number(value));
      const swatch = document.createElement("i");
      swatch.className = `st-swatch st-swatch-${length}`;
      item.prepend(swatch);
    }
    return unchanged();
  }

  let resizing = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => refit(null), 200);
  });

  clientside.chart = { readAddress, writeAddress, draw, refit, hover };
})();
