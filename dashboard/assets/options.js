// A new chain begins where it is read first: at the money, the strikes between calls and puts in the middle.
(function () {
  const begun = new WeakSet();

  function begin(box) {
    begun.add(box);
    // Calls and puts have the same columns, so the strikes' own place is the middle.
    box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
    const row = box.querySelector(".st-atm-row");
    if (row) box.scrollTop = row.offsetTop - (box.clientHeight - row.offsetHeight) / 2;
  }

  new MutationObserver(() => {
    const box = document.querySelector("#options-chain .st-scroll");
    if (box && !begun.has(box)) begin(box);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
