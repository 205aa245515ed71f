// The restatements page's slider counts days since 1970; the address and the server speak in dates.
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const functions = (window.dashMantineFunctions = window.dashMantineFunctions || {});
  const dateOf = (day) => new Date(day * 864e5).toISOString().slice(0, 10);
  functions.dayOfEpoch = (day) => dateOf(day);

  clientside.restatements = {
    // The newest day is today's knowledge: it stands in no address.
    sync(value, asOf, max) {
      const same = window.dash_clientside.no_update;
      const moved = window.dash_clientside.callback_context.triggered.map((each) => each.prop_id);
      const said = (date) => (date ? `${date}: what was known when that day ended` : "Today: all that is known");
      if (max <= 1) return [same, same, ""];
      if (moved.length === 1 && moved[0] === "restatements-slider.value") {
        const date = value >= max ? "" : dateOf(value);
        return [same, date === (asOf || "") ? same : date, said(date)];
      }
      const day = asOf ? Math.min(Math.floor(Date.parse(asOf) / 864e5), max) : max;
      return [day, same, said(asOf)];
    },
  };
})();
