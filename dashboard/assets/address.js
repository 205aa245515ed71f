// Address ↔ controls, from each page's list of parameters (dashboard/pages/address.py).
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const TICKER = /^[A-Za-z0-9][A-Za-z0-9.:\-/]{0,31}$/;
  const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
  // 31 February passes the pattern; JavaScript would make it a day of March.
  const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;
  const isDate = (text) => DATE.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
  const NONE = "none";

  // The value of one parameter; anything that isn't allowed is the default.
  function parse(param, text) {
    if (text === null) return param.default;
    switch (param.kind) {
      case "one":
        return param.allowed.includes(text) ? text : param.default;
      case "many":
        return text === NONE ? [] : param.allowed.filter((value) => text.split(",").includes(value));
      case "tickers":
        return text.split(",").filter((value, place, all) => TICKER.test(value) && all.indexOf(value) === place).slice(0, param.most);
      case "date":
        return isDate(text) ? text : param.default;
      case "time":
        return TIME.test(text) ? text : param.default;
      case "whole":
        return /^\d{1,9}$/.test(text) ? +text : param.default;
      case "json":
        try {
          const value = JSON.parse(text);
          return text.length <= param.most && value && typeof value === "object" && !Array.isArray(value) ? value : param.default;
        } catch {
          return param.default;
        }
      default:
        return text.slice(0, param.most);
    }
  }

  // Why a parameter's text is not used as it stands; null when it is.
  function refusal(param, text) {
    if (!text) return null;
    const listed = text.split(",");
    const shown = text.length > 40 ? text.slice(0, 39) + "…" : text;
    const say = (expected) => `${param.name} is “${shown}”; expected ${expected}.`;
    switch (param.kind) {
      case "one":
        return param.allowed.includes(text) ? null : say(`one of ${param.allowed.join(", ")}`);
      case "many":
        return text === NONE || listed.every((each) => param.allowed.includes(each)) ? null : say(`some of ${param.allowed.join(", ")}`);
      case "tickers":
        if (listed.length > param.most) return say(`at most ${param.most} tickers`);
        return listed.every((each) => TICKER.test(each)) ? null : say("tickers with commas between");
      case "date":
        return isDate(text) ? null : say("a date such as 2026-11-20");
      case "time":
        return TIME.test(text) ? null : say("a time such as 18:30:00");
      case "whole":
        return /^\d{1,9}$/.test(text) ? null : say("a whole number");
      case "json":
        return parse(param, text) === param.default ? say("a filter as this page writes it") : null;
      default:
        return text.length > param.most ? say(`at most ${param.most} characters`) : null;
    }
  }

  function refusals(spec, params) {
    const found = spec.map((param) => refusal(param, params.get(param.name))).filter(Boolean);
    const [from, to] = [params.get("from"), params.get("to")];
    if (from && to && isDate(from) && isDate(to) && from > to) found.push(`from is ${from}, which is after to, ${to}.`);
    return found.length ? `In the address, ${found.join(" ")} Shown without ${found.length > 1 ? "these" : "it"}.` : "";
  }

  function format(param, value) {
    if (value === null || value === undefined || value === "") return null;
    if (param.kind === "many") {
      const kept = param.allowed.filter((each) => value.includes(each)).join(",");
      return kept === (param.default || []).join(",") ? null : kept || NONE;
    }
    if (param.kind === "tickers") return value.join(",") || null;
    if (param.kind === "json") return Object.keys(value).length ? JSON.stringify(value) : null;
    return value === param.default ? null : String(value);
  }

  const search = (params) => {
    const text = params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? "?" + text : "";
  };

  function replace(params) {
    const address = window.location.pathname + search(params);
    if (address !== window.location.pathname + window.location.search) {
      window.history.replaceState(window.history.state, "", address);
      window.dispatchEvent(new Event("snowtape-address"));
    }
    return address;
  }

  clientside.address = {
    read(_search, spec) {
      const params = new URLSearchParams(window.location.search);
      const values = spec.filter((param) => param.control).map((param) => parse(param, params.get(param.name)));
      return [...values, refusals(spec, params)];
    },

    write(...args) {
      const spec = args.pop().filter((param) => param.is_written && param.control);
      const params = new URLSearchParams(window.location.search);
      spec.forEach((param, place) => {
        const text = format(param, args[place]);
        if (text === null) params.delete(param.name);
        else params.set(param.name, text);
      });
      return replace(params);
    },
  };

  // For state that isn't a control's: a chart's window.
  window.snowtapeAddress = {
    get: (name) => new URLSearchParams(window.location.search).get(name),
    isDate: (text) => text !== null && isDate(text),
    put(values) {
      const params = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(values)) {
        if (value === null) params.delete(name);
        else params.set(name, value);
      }
      return replace(params);
    },
  };
})();
