// The ticker page in the browser: fits the server's figure to the window, keeps the window in the address, tells the legend.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const axis = () => window.snowtapeAxis;
  const { trace, number, compact, swatch } = window.snowtapePaint;
  const unchanged = () => window.dash_clientside.no_update;

  // What is drawn now; `window` is in slots and follows the user's panning.
  let drawn = null;
  let drawings = 0;

  const graph = () => document.querySelector("#chart-graph .js-plotly-plot");
  const others = (figure) => figure.data.filter((each) => each.meta === "compare");

  // The first value in sight: what percent counts from.
  function baseOf(values, [from]) {
    for (let slot = Math.max(0, Math.ceil(from)); slot < values.length; slot++) {
      if (values[slot] !== null && values[slot] !== undefined) return values[slot];
    }
    return null;
  }

  // A compared ticker's line in the first one's dollars: both start at the same point of the window.
  function rebased(figure, span) {
    const start = baseOf(trace(figure, "price").close, span);
    return others(figure).map((other) => {
      const own = baseOf(other.y, span);
      return own ? other.y.map((value) => (value === null ? null : (value / own) * start)) : other.y.map(() => null);
    });
  }

  const isPercent = (state) => state.scale === "percent" || others(state.figure).length > 0;

  // The axes for a window: y fitted to what is visible, x labelled for the room there is.
  function axes(state, span, lines) {
    const { figure, shown } = state;
    const price = trace(figure, "price");
    const over = figure.data.filter((each) => shown.includes(each.meta)).map((each) => each.y);
    const width = (graph() || document.getElementById("chart-body")).clientWidth - 70;
    const labels = axis().ticks(price.x, span, width);
    const volume = axis().fit([trace(figure, "volume").y], span, 0);
    const macd = axis().fit(figure.data.filter((each) => each.meta === "macd").map((each) => each.y), span, 0.1);
    let y = axis().fit([price.low, price.high, ...over, ...lines], span, 0.06);
    const layout = {
      "xaxis.tickvals": labels.vals,
      "xaxis.ticktext": labels.text,
      "yaxis2.range": [0, volume ? volume[1] * 1.08 : 1],
      "yaxis4.range": macd || [-1, 1],
      "yaxis.tickmode": "auto",
    };
    if (!y) return layout;
    if (state.scale === "log") {
      y = [Math.log10(Math.max(y[0], axis().fit([price.low], span, 0)[0] * 0.94)), Math.log10(y[1])];
    } else if (isPercent(state)) {
      const percent = axis().percentTicks(y, baseOf(price.close, span), 7);
      Object.assign(layout, { "yaxis.tickmode": "array", "yaxis.tickvals": percent.vals, "yaxis.ticktext": percent.text });
    }
    layout["yaxis.range"] = y;
    const tag = state.tag;
    if (tag >= 0) layout[`annotations[${tag}].text`] = window.snowtapePaint.tagText(price, isPercent(state) ? baseOf(price.close, span) : null);
    return layout;
  }

  const put = (layout, values) => {
    for (const [path, value] of Object.entries(values)) {
      const [name, key] = path.split(".");
      const [, list, place] = name.match(/^(\w+)\[(\d+)\]$/) || [];
      (list ? layout[list][+place] : layout[name])[key] = value;
    }
  };

  // The window that the address names, if it does.
  function addressedWindow(sessions) {
    const [from, to] = ["from", "to"].map(window.snowtapeAddress.get);
    if (!window.snowtapeAddress.isDate(from) || !window.snowtapeAddress.isDate(to) || from > to) return null;
    return axis().datesWindow(from, to, sessions);
  }

  function draw(base, range, overlays, panes, scale) {
    if (!base) {
      drawn = null;
      return unchanged();
    }
    const figure = structuredClone(base);
    const meta = figure.layout.meta;
    const sessions = trace(base, "price").x;
    for (const each of figure.data) each.x = sessions;
    const isNewRange = drawn !== null && drawn.ticker === meta.ticker && drawn.range !== range;
    if (isNewRange) window.snowtapeAddress.put({ from: null, to: null });
    const keeps = drawn && drawn.ticker === meta.ticker && drawn.range === range && drawn.count === sessions.length;
    const span = keeps ? drawn.window : addressedWindow(sessions) || axis().rangeWindow(range, sessions);
    drawn = {
      ticker: meta.ticker, range, count: sessions.length, figure: base, shown: overlays || [], panes: panes || [], scale, window: span,
    };
    meta.drawing = drawn.drawing = ++drawings;
    window.snowtapePaint.paint(figure, drawn);
    drawn.tag = figure.layout.annotations.findIndex((each) => each.name === "last");
    const lines = rebased(base, span);
    others(figure).forEach((other, place) => (other.y = lines[place]));
    Object.assign(figure.layout.xaxis, { range: span.slice(), tickmode: "array" });
    put(figure.layout, axes(drawn, span, lines));
    // A finger on the chart must be able to scroll the page.
    if (window.matchMedia("(pointer: coarse)").matches) figure.layout.dragmode = false;
    describe(meta, sessions);
    return figure;
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

  // After panning or zooming: fit again without asking Dash, and put the window into the address.
  function refit(change) {
    const plot = graph();
    if (!drawn || !plot || !plot.isConnected || !(plot._fullLayout || {}).xaxis) return unchanged();
    // A figure that Dash is still about to hand to plotly is fitted already.
    if ((plot.layout.meta || {}).drawing !== drawn.drawing) return unchanged();
    const keys = Object.keys(change || {});
    const span = plot.layout.xaxis.range.slice();
    const isMoved = keys.some((key) => key.startsWith("xaxis.range")) && (span[0] !== drawn.window[0] || span[1] !== drawn.window[1]);
    if (change && !isMoved && !keys.includes("autosize")) return unchanged();
    if (isMoved) {
      const sessions = trace(drawn.figure, "price").x;
      const inside = (slot) => sessions[Math.min(Math.max(slot, 0), sessions.length - 1)];
      window.snowtapeAddress.put({ from: inside(Math.ceil(span[0])), to: inside(Math.floor(span[1])) });
    }
    drawn.window = span;
    const lines = rebased(drawn.figure, span);
    const fitted = axes(drawn, span, lines);
    if (!fitted["yaxis.range"]) return unchanged();
    const places = plot.data.map((each, place) => (each.meta === "compare" ? place : -1)).filter((place) => place >= 0);
    // New values make plotly guess the axis' type again, and sessions look like dates; a given type resets the range.
    const fixed = { "xaxis.type": "category", "xaxis.range": span.slice(), "xaxis.autorange": false };
    if (places.length) window.Plotly.update(plot, { y: lines }, { ...fitted, ...fixed }, places);
    else window.Plotly.relayout(plot, fitted);
    return unchanged();
  }

  // The legend: the bar under the pointer, else the newest.
  function hover(hovered) {
    const target = document.getElementById("chart-legend");
    if (!target) return unchanged();
    target.replaceChildren();
    if (!drawn) return unchanged();
    const { figure, shown, panes } = drawn;
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
    const change = (values, base) => {
      const percent = (values[slot] / base - 1) * 100;
      const sign = percent > 0 ? "▲ +" : percent < 0 ? "▼ −" : "■ ";
      return [percent > 0 ? "st-up" : percent < 0 ? "st-down" : "", `${sign}${Math.abs(percent).toFixed(2)}%`];
    };
    add("st-legend-session", "", axis().title(price.x[slot]));
    for (const name of ["open", "high", "low", "close"]) add("", name[0].toUpperCase(), number(price[name][slot]));
    if (slot > 0) {
      const [className, text] = change(price.close, price.close[slot - 1]);
      add(className, "", text);
    }
    add("", "Vol", compact(trace(figure, "volume").y[slot]));
    let compared = 0;
    for (const each of figure.data) {
      const isLine = each.type === "scatter" || each.meta === "macd";
      if (!isLine || !(shown.includes(each.meta) || panes.includes(each.meta) || each.meta === "compare")) continue;
      const value = each.y[slot];
      let item;
      if (each.meta === "compare") {
        const base = baseOf(each.y, drawn.window);
        const [className, text] = value !== null && base ? change(each.y, base) : ["", "–"];
        item = add(className, each.name, text);
      } else {
        item = add("", each.name, value === null ? "–" : number(value));
      }
      if (panes.includes(each.meta)) continue;
      const sign = document.createElement("i");
      sign.className = `st-swatch st-swatch-${swatch(each.meta, each.meta === "compare" ? compared++ : 0)}`;
      item.prepend(sign);
    }
    return unchanged();
  }

  let resizing = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => refit(null), 200);
  });

  // A time of day belongs to the day that the address names: another day, chosen by hand, is meant as a whole.
  function timeOf(day, at) {
    return day === new URLSearchParams(window.location.search).get("asof") ? at : "";
  }

  clientside.chart = { draw, refit, hover, timeOf };
})();
