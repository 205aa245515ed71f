// The chart's colours, panes and marks: a painted plotly figure from the server's plain one.
(function () {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--st-${name}`).trim();
  const trace = (figure, name) => figure.data.find((candidate) => candidate.meta === name);
  const COMPARED = ["compare-1", "compare-2", "compare-3", "compare-4"];
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const number = (value) => {
    const decimals = Math.abs(value) < 1 ? 4 : 2;
    return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  };
  const compact = (value) => new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  // The newest close at the axis: dollars, or per cent from the window's first close where the axis counts so.
  const tagText = (price, base) => {
    const close = price.close.at(-1);
    if (!base) return number(close);
    const percent = (close / base - 1) * 100;
    const digits = Math.abs(percent).toFixed(2);
    return `${digits === "0.00" ? "" : percent > 0 ? "+" : "−"}${digits}%`;
  };
  const swatch = (key, place) => (key === "compare" ? COMPARED[place % COMPARED.length] : key);

  // From the bottom: the panes that are open, volume, then what is left for prices. Gaps hold the marks.
  function domains(panes) {
    const room = panes.length ? 0.17 : 0;
    let bottom = 0;
    const found = {};
    for (const pane of [...panes].reverse()) {
      found[pane] = [bottom, bottom + room - 0.025];
      bottom += room;
    }
    found.volume = [bottom, bottom + (panes.length ? 0.12 : 0.18)];
    found.marks = found.volume[1] + 0.0275;
    found.price = [found.volume[1] + 0.055, 1];
    return found;
  }

  function paint(figure, { shown, panes, scale }) {
    const [ink, muted, line, surface] = ["ink", "muted", "line", "surface"].map(colour);
    const [up, down] = [colour("up"), colour("down")];
    const price = trace(figure, "price");
    // Rising candles are hollow, falling ones filled: the colour is not the only sign.
    price.increasing = { line: { color: up, width: 1.2 }, fillcolor: surface };
    price.decreasing = { line: { color: down, width: 1.2 }, fillcolor: down };
    const rising = price.close.map((close, slot) => close >= price.open[slot]);
    const [upSoft, downSoft] = [colour("up-soft"), colour("down-soft")];
    trace(figure, "volume").marker = { color: rising.map((isUp) => (isUp ? upSoft : downSoft)), line: { width: 0 } };
    let compared = 0;
    for (const each of figure.data) {
      if (each.meta === "compare") {
        Object.assign(each.line, { color: colour(COMPARED[compared % COMPARED.length]), dash: DASHES[compared % DASHES.length], width: 1.8 });
        compared += 1;
      } else if (each.meta === "macd" || each.meta === "rsi") {
        each.visible = panes.includes(each.meta);
        if (each.type === "bar") each.marker = { color: each.y.map((value) => (value >= 0 ? upSoft : downSoft)), line: { width: 0 } };
        else each.line.color = colour(each.name === "Signal" ? "sma20" : each.meta === "rsi" ? "sma120" : "sma50");
      } else if (each.type === "scatter") {
        each.visible = shown.includes(each.meta);
        each.line.color = colour(each.meta);
        if (each.meta === "bb") {
          each.line.width = 1;
          if (each.name.endsWith("lower")) Object.assign(each, { fill: "tonexty", fillcolor: colour("bb-soft") });
        }
      }
    }
    const { layout } = figure;
    const place = domains(panes);
    layout.yaxis.domain = place.price;
    layout.yaxis2.domain = place.volume;
    layout.yaxis3 = { ...layout.yaxis3, domain: place.rsi || [0, 0.001], visible: panes.includes("rsi") };
    layout.yaxis4 = { ...layout.yaxis4, domain: place.macd || [0, 0.001], visible: panes.includes("macd") };
    const lowest = panes.length ? { rsi: "y3", macd: "y4" }[panes.at(-1)] : "y2";
    layout.xaxis.anchor = lowest;
    layout.yaxis.type = scale === "log" ? "log" : "linear";
    // Not transparent: plotly draws a halo around the crosshair in what it takes for the background.
    layout.paper_bgcolor = layout.plot_bgcolor = surface;
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: muted };
    for (const name of ["xaxis", "yaxis", "yaxis2", "yaxis3", "yaxis4"]) {
      Object.assign(layout[name], { gridcolor: line, linecolor: line, spikecolor: muted, gridwidth: 1 });
    }
    layout.annotations = marks(layout.meta, place.marks, { ink, muted, surface });
    layout.shapes = [];
    const last = price.close.length - 1;
    const tint = rising[last] ? up : down;
    const close = price.close[last];
    layout.shapes.push({
      type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: close, y1: close,
      line: { color: tint, width: 1, dash: "dot" }, layer: "below",
    });
    layout.annotations.push({
      name: "last", xref: "paper", x: 1, xanchor: "left", yref: "y", y: scale === "log" ? Math.log10(close) : close,
      showarrow: false, text: tagText(price, null), bgcolor: tint, borderpad: 3, font: { size: 12, color: surface },
    });
    for (const pane of panes) {
      layout.annotations.push({
        name: "pane", xref: "paper", x: 0.004, xanchor: "left", yref: "paper", y: place[pane][1], yanchor: "top", showarrow: false,
        text: pane === "rsi" ? "RSI 14" : "MACD 12 26 9", font: { size: 11, color: muted },
      });
    }
    if (panes.includes("rsi")) {
      for (const level of [30, 70]) {
        layout.shapes.push({
          type: "line", xref: "paper", x0: 0, x1: 1, yref: "y3", y0: level, y1: level, layer: "below",
          line: { color: muted, width: 1, dash: "dot" },
        });
      }
    }
    return figure;
  }

  // Splits, dividends and overrides stand between prices and volume, a letter each, so that colour isn't needed to tell them.
  function marks(meta, y, { ink, muted, surface }) {
    const mark = (name, x, text, hovertext) => ({
      name, x, xref: "x", y, yref: "paper", yanchor: "middle", text, hovertext, showarrow: false, borderpad: 2,
      borderwidth: 1, bgcolor: surface, bordercolor: muted, font: { size: 11, color: ink },
    });
    const title = window.snowtapeAxis.title;
    return [
      ...meta.splits.map(([x, ratio]) => mark("split", x, `S ${ratio}`, `Split ${ratio}, effective ${title(x)}`)),
      ...meta.overrides.map(([x, reason]) => mark("override", x, "O", `Overruled, ${title(x)}: ${reason}`)),
      ...meta.dividends.map(([x, amount]) => mark("dividend", x, "D", `Dividend $${amount} a share, ex ${title(x)}`)),
    ];
  }

  window.snowtapePaint = { paint, trace, number, compact, swatch, tagText };
})();
