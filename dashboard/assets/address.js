// Address ↔ controls, from each page's list of parameters (dashboard/pages/address.py).
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const TICKER = /^[A-Za-z0-9][A-Za-z0-9.:\-/]{0,31}$/;
  const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
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
        return DATE.test(text) ? text : param.default;
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
    }
    return address;
  }

  clientside.address = {
    read(_search, spec) {
      const params = new URLSearchParams(window.location.search);
      const values = spec.map((param) => parse(param, params.get(param.name)));
      return values.length === 1 ? values[0] : values;
    },

    write(...args) {
      const spec = args.pop().filter((param) => param.is_written);
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
    isDate: (text) => text !== null && DATE.test(text),
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
