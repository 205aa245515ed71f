// The help that `?` opens (dashboard/pages/keys.py). The browser itself closes a modal dialog on Escape.
(function () {
  const dialog = () => document.getElementById("keys");

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true]");
    if (event.key !== "?" || typing || event.ctrlKey || event.metaKey || event.altKey || !dialog()) return;
    event.preventDefault();
    if (dialog().open) dialog().close();
    else dialog().showModal();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-keys]");
    // A click beside the dialog is one on its backdrop, which belongs to it.
    if (button && button.dataset.keys === "open") dialog().showModal();
    else if (button || event.target === dialog()) dialog().close();
  });
})();
