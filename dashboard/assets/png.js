// PNG of a panel's graph as it is shown, with what a picture on its own needs: ticker and title, what the lines are, as of
// when, and whether the data is the market's.
(function () {
  const SCALE = 2, PAD = 16, LINE = 20;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--st-${name}`).trim();
  const text = (node) => (node ? node.textContent.trim().replace(/\s+/g, " ") : "");

  // The banner's headline and its sentence.
  const banner = () => [...document.querySelectorAll(".st-banner > *")].map(text).filter(Boolean).join(". ");

  // The text as lines that are at most so wide in the pen's font.
  function lines(pen, said, width) {
    const found = [""];
    for (const word of said.split(" ")) {
      const longer = `${found.at(-1)} ${word}`.trim();
      if (pen.measureText(longer).width <= width || !found.at(-1)) found[found.length - 1] = longer;
      else found.push(word);
    }
    return found;
  }

  // The lines by colour and name, where the graph has no legend of its own.
  function legend(plot) {
    if (plot._fullLayout.showlegend) return [];
    const lines = plot.data.filter((trace) => trace.type === "scatter" && trace.visible !== false && trace.name && trace.line);
    return [...new Map(lines.map((trace) => [trace.name, trace.line.color])).entries()];
  }

  const loaded = (url) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = url;
  });

  async function draw(panel, plot) {
    const { subject } = (panel.querySelector("[data-session]") || {}).dataset || {};
    const head = [subject, text(panel.querySelector("h2"))].filter(Boolean).join(" · ");
    const [width, height] = [plot.clientWidth, plot.clientHeight];
    const image = await loaded(await window.Plotly.toImage(plot, { format: "png", width, height, scale: SCALE }));
    const names = legend(plot);
    const top = PAD + LINE + (names.length ? LINE : 0) + 4;
    const canvas = document.createElement("canvas");
    const family = getComputedStyle(document.body).fontFamily;
    const small = `12px ${family}`;
    const pen = canvas.getContext("2d");
    pen.font = small;
    const feet = [text(panel.querySelector(".st-as-of")), banner()].filter(Boolean).flatMap((said) => lines(pen, said, width));
    canvas.width = (width + 2 * PAD) * SCALE;
    canvas.height = (top + height + feet.length * LINE + PAD) * SCALE;
    pen.scale(SCALE, SCALE);
    pen.fillStyle = colour("surface");
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.textBaseline = "middle";
    const write = (said, x, y, font, name) => {
      pen.font = font;
      pen.fillStyle = colour(name);
      pen.fillText(said, x, y, width + PAD - x);
      return pen.measureText(said).width;
    };
    write(head, PAD, PAD + LINE / 2, `600 15px ${family}`, "ink");
    let x = PAD;
    for (const [name, swatch] of names) {
      pen.fillStyle = swatch;
      pen.fillRect(x, PAD + LINE + LINE / 2 - 1, 14, 2);
      x += 20 + write(name, x + 20, PAD + LINE + LINE / 2, small, "muted") + 16;
    }
    pen.drawImage(image, PAD, top, width, height);
    feet.forEach((said, place) => write(said, PAD, top + height + LINE * (place + 0.5), small, "muted"));
    return canvas;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("[data-png]");
    const panel = button && document.getElementById(button.dataset.png);
    const plot = panel && panel.querySelector(".js-plotly-plot");
    if (!plot || !["ready", "stale"].includes(panel.dataset.state)) return;
    const { subject, session } = (panel.querySelector("[data-session]") || {}).dataset || {};
    const name = ["snowtape", panel.id, subject, session].filter(Boolean).join("-").replace(/[^A-Za-z0-9._-]+/g, "-");
    (await draw(panel, plot)).toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${name}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  });
})();
