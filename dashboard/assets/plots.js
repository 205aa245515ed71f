// Paints the server's figures, which name colours by the page's variables ("--st-accent"), in the theme of the moment.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const styles = () => getComputedStyle(document.documentElement);

  const resolved = (value, style) => {
    if (typeof value === "string") return value.startsWith("--st-") ? style.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) {
      // Numbers stay as they are: only colour scales and lists of colours hold names.
      return value.some((each) => typeof each === "string" || Array.isArray(each) || (each && typeof each === "object"))
        ? value.map((each) => resolved(each, style))
        : value;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, style)]));
    }
    return value;
  };

  function paint(figure) {
    if (!figure) return window.dash_clientside.no_update;
    const style = styles();
    const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
    const painted = resolved(figure, style);
    const { layout } = painted;
    layout.paper_bgcolor = layout.plot_bgcolor = colour("surface");
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("muted") };
    layout.hoverlabel = {
      bgcolor: colour("surface"), bordercolor: colour("line-strong"),
      font: { family: layout.font.family, size: 12, color: colour("ink") },
    };
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      const title = layout[name].title;
      Object.assign(layout[name], { gridcolor: colour("line"), linecolor: colour("line-strong"), zerolinecolor: colour("line-strong") });
      if (title) title.font = { size: 12, color: colour("muted") };
    }
    if (window.matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
    return painted;
  }

  clientside.plots = { paint };

  // A graph is an image to those who don't see it; its figure says what it shows.
  new MutationObserver(() => {
    for (const plot of document.querySelectorAll(".st-plot .js-plotly-plot")) {
      const label = plot.layout && plot.layout.meta && plot.layout.meta.label;
      const graph = plot.closest(".st-graph");
      if (label && graph && graph.getAttribute("aria-label") !== label) {
        graph.setAttribute("role", "img");
        graph.setAttribute("aria-label", label);
      }
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
