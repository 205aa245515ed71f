// Runs in the head, before the first paint: the stored theme, else the system's.
(function () {
  var stored = null;
  try { stored = window.localStorage.getItem("mantine-color-scheme-value"); } catch { /* storage is off */ }
  var dark = stored === "dark" || (stored !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
