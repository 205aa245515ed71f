// Where the price chart's axes begin, end and carry labels: pure functions of sessions ("YYYY-MM-DD") and a window.
(function () {
  const FEWEST_SLOTS = 24;
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  const shifted = (session, months) => {
    const day = new Date(session + "T00:00:00Z");
    const wanted = day.getUTCDate();
    day.setUTCDate(1);
    day.setUTCMonth(day.getUTCMonth() - months);
    const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
    day.setUTCDate(Math.min(wanted, last));
    return day.toISOString().slice(0, 10);
  };

  // The window [from, to] in slots that a range button means; never so narrow that three bars fill the page.
  function rangeWindow(range, sessions) {
    const count = sessions.length;
    const last = sessions[count - 1];
    const months = { "1m": 1, "3m": 3, "6m": 6, "1y": 12, "5y": 60 }[range];
    const since = range === "ytd" ? last.slice(0, 4) + "-01-01" : months ? shifted(last, months) : sessions[0];
    let first = sessions.findIndex((session) => session >= since);
    first = Math.min(Math.max(first, 0), count - FEWEST_SLOTS);
    return [first - 0.5, count - 1 + Math.max(0.75, (count - first) * 0.015)];
  }

  // The window that shows the sessions from one date to another, both included.
  function datesWindow(from, to, sessions) {
    let first = sessions.findIndex((session) => session >= from);
    if (first < 0) first = sessions.length - 1;
    let last = sessions.findLastIndex((session) => session <= to);
    if (last < first) last = first;
    first = Math.min(first, last + 1 - FEWEST_SLOTS);
    return [first - 0.5, last + 0.5];
  }

  // Round percents from a base value, as dollars on the axis with percents for labels.
  function percentTicks([low, high], base, most) {
    if (!base) return { vals: [], text: [] };
    const [from, to] = [(low / base - 1) * 100, (high / base - 1) * 100];
    const rough = Math.max(to - from, 1e-9) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const vals = [];
    const text = [];
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let percent = Math.ceil(from / step) * step; percent <= to; percent += step) {
      const shown = Math.abs(percent) < step / 2 ? 0 : percent;
      vals.push(base * (1 + shown / 100));
      text.push(`${shown > 0 ? "+" : shown < 0 ? "−" : ""}${Math.abs(shown).toFixed(decimals)}%`);
    }
    return { vals, text };
  }

  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const title = (s) => `${DAYS[new Date(s + "T00:00:00Z").getUTCDay()]} ${dayAndMonth(s)} ${s.slice(0, 4)}`;
  const dayAndMonth = (s) => `${+s.slice(8)} ${MONTHS[+s.slice(5, 7) - 1]}`;
  const week = (s) => Math.floor((Date.parse(s) / 864e5 + 3) / 7);

  // The key names the period that a session lies in; `px` is the room that a label wants. Finest first.
  const PERIODS = [
    { key: (s) => s, label: dayAndMonth, px: 54 },
    { key: week, label: dayAndMonth, px: 54 },
    { key: (s) => s.slice(0, 7) + (+s.slice(8) > 15), label: (s) => (+s.slice(8) > 15 ? s.slice(8) : monthOrYear(s)), px: 42 },
    { key: (s) => s.slice(0, 7), label: monthOrYear, px: 42 },
    { key: (s) => s.slice(0, 4) + Math.floor((+s.slice(5, 7) - 1) / 3), label: monthOrYear, px: 42 },
    { key: (s) => s.slice(0, 4), label: (s) => s.slice(0, 4), px: 42 },
  ];

  function monthOrYear(session) {
    const month = +session.slice(5, 7) - 1;
    return month === 0 ? `<b>${session.slice(0, 4)}</b>` : MONTHS[month];
  }

  // Labels at the first session of each day, week, half-month, month, quarter or year: the finest that has room.
  function ticks(sessions, [from, to], widthPx) {
    const first = Math.max(0, Math.ceil(from));
    const last = Math.min(sessions.length - 1, Math.floor(to));
    for (const period of PERIODS) {
      const found = [];
      // The very first session begins a day, but perhaps no week, month or year.
      for (let slot = period === PERIODS[0] ? first : Math.max(first, 1); slot <= last; slot++) {
        if (slot === 0 || period.key(sessions[slot]) !== period.key(sessions[slot - 1])) found.push(sessions[slot]);
      }
      if (found.length * period.px <= widthPx) return { vals: found, text: found.map(period.label) };
    }
    return { vals: [], text: [] };
  }

  // Lowest and highest value of the traces' arrays inside the window, with room around.
  function fit(arrays, [from, to], padding) {
    const first = Math.max(0, Math.ceil(from));
    const last = Math.floor(to);
    let low = Infinity;
    let high = -Infinity;
    for (const values of arrays) {
      for (let slot = first; slot <= last && slot < values.length; slot++) {
        const value = values[slot];
        if (value === null || value === undefined) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (low > high) return null;
    const room = (high - low) * padding || Math.abs(high) * 0.02 || 1;
    return [low - room, high + room];
  }

  window.snowtapeAxis = { rangeWindow, datesWindow, percentTicks, ticks, fit, title };
})();
